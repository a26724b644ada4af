import { ahead } from "./app/core/ahead";
import { KEY } from "./app/core/session-key";

ahead(sessionStorage.getItem(KEY), location);
// Of its own, so that what is above does not wait for it; the page names it to the browser from the beginning (`finish.mjs`).
void import("./app/boot");

import { ahead } from "./app/core/ahead";
import { KEY } from "./app/core/session-key";

ahead(sessionStorage.getItem(KEY), location);
// Of its own, so that what is above does not wait for it; the server names it with the page (`finish.mjs`).
void import("./app/boot");

import { ahead } from "./app/core/ahead";
import { dress, kept, themeOf } from "./app/core/kept";
import { KEY } from "./app/core/session-key";

ahead(sessionStorage.getItem(KEY), location);
// What is drawn first has its theme already; and the storage, which takes long when it is asked first, is asked while the scripts are
// on their way.
dress(themeOf(kept()));
// Of its own, so that what is above does not wait for it; the server names it with the page (`finish.mjs`).
void import("./app/boot");

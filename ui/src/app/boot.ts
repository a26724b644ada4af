import { bootstrapApplication } from "@angular/platform-browser";

import { App } from "./app";
import { config } from "./app.config";

// After what has come in meanwhile: the first replies have a question of their own to ask.
setTimeout(() => bootstrapApplication(App, config).catch((error: unknown) => console.error(error)));

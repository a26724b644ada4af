import { APP_BASE_HREF } from "@angular/common";
import { ApplicationConfig, inject, provideZonelessChangeDetection } from "@angular/core";
import { provideRouter, withComponentInputBinding, withInMemoryScrolling, withNavigationErrorHandler, withRouterConfig } from "@angular/router";
import { provideApollo } from "apollo-angular";

import { routes } from "./app.routes";
import { LostPage } from "./core/lost-page";
import { Session } from "./core/session";
import { Socket } from "./core/socket";
import { options } from "./core/transport";

export const config: ApplicationConfig = {
  providers: [
    provideZonelessChangeDetection(),
    // Not by a `base` element: the content policy forbids it.
    { provide: APP_BASE_HREF, useValue: "/ui/" },
    provideRouter(
      routes,
      withComponentInputBinding(),
      withInMemoryScrolling({ scrollPositionRestoration: "enabled" }),
      // Whoever goes back, and then stays, has all before it still behind.
      withRouterConfig({ canceledNavigationResolution: "computed" }),
      withNavigationErrorHandler(({ url }) => inject(LostPage).missed(url)),
    ),
    provideApollo(() => options(inject(Session), inject(Socket))),
  ],
};

import type { Routes } from "@angular/router";

export const routes: Routes = [
  { path: "", title: "Projects", loadComponent: () => import("./projects/projects").then((m) => m.Projects) },
  { path: "projects/:project", loadComponent: () => import("./project/project").then((m) => m.Project) },
  {
    path: "projects/:project/:service/builds/:number",
    loadComponent: () => import("./build/build").then((m) => m.Build),
  },
  { path: "**", title: "Not found", loadComponent: () => import("./parts/missing").then((m) => m.Missing) },
];

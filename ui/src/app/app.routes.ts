import type { Routes } from "@angular/router";

export const routes: Routes = [
  { path: "", title: "Projects", loadComponent: () => import("./projects/projects").then((m) => m.Projects) },
  {
    path: "projects/:project",
    loadComponent: () => import("./project/frame").then((m) => m.ProjectFrame),
    children: [
      { path: "", pathMatch: "full", redirectTo: "builds" },
      { path: "builds", loadComponent: () => import("./project/project").then((m) => m.Project) },
      { path: "environments", loadComponent: () => import("./project/environments/environments").then((m) => m.Environments) },
      { path: "settings", loadComponent: () => import("./project/settings/settings").then((m) => m.Settings) },
      { path: "members", loadComponent: () => import("./project/members/members").then((m) => m.Members) },
      { path: "audit", loadComponent: () => import("./project/audit/audit").then((m) => m.Audit) },
    ],
  },
  {
    path: "projects/:project/:service/builds/:number",
    loadComponent: () => import("./build/build").then((m) => m.Build),
  },
  { path: "**", title: "Not found", loadComponent: () => import("./parts/missing").then((m) => m.Missing) },
];

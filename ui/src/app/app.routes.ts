import type { Routes } from "@angular/router";

import { mayLeave } from "./core/unsaved";

export const routes: Routes = [
  { path: "", title: "Projects · ALM", loadComponent: () => import("./projects/projects").then((m) => m.Projects) },
  {
    path: "projects/:project",
    loadComponent: () => import("./project/frame").then((m) => m.ProjectFrame),
    children: [
      { path: "", pathMatch: "full", redirectTo: "builds" },
      { path: "builds", loadComponent: () => import("./project/project").then((m) => m.Project) },
      { path: "new-service", loadComponent: () => import("./create/new-service").then((m) => m.NewService) },
      {
        path: "environments",
        children: [
          { path: "", loadComponent: () => import("./project/environments/board").then((m) => m.Board) },
          { path: "manage", loadComponent: () => import("./project/environments/manage").then((m) => m.ManageEnvironments) },
          { path: ":environment/history", loadComponent: () => import("./project/environments/history").then((m) => m.History) },
        ],
      },
      { path: "settings", canDeactivate: [mayLeave], loadComponent: () => import("./project/settings/settings").then((m) => m.Settings) },
      {
        path: "settings/:service",
        canDeactivate: [mayLeave],
        loadComponent: () => import("./project/settings/service").then((m) => m.ServiceSettings),
      },
      { path: "members", loadComponent: () => import("./project/members/members").then((m) => m.Members) },
      { path: "audit", loadComponent: () => import("./project/audit/audit").then((m) => m.Audit) },
    ],
  },
  {
    path: "projects/:project/:service/builds/:number",
    loadComponent: () => import("./build/build").then((m) => m.Build),
  },
  { path: "create", title: "Create a project · ALM", loadComponent: () => import("./create/new-project").then((m) => m.NewProject) },
  { path: "providers", title: "Providers · ALM", loadComponent: () => import("./providers/providers").then((m) => m.Providers) },
  { path: "providers/register", title: "Register a provider · ALM", loadComponent: () => import("./providers/register").then((m) => m.Register) },
  {
    path: "providers/:provider",
    canDeactivate: [mayLeave],
    loadComponent: () => import("./providers/provider").then((m) => m.ProviderPage),
  },
  { path: "tokens", title: "Personal access tokens · ALM", loadComponent: () => import("./tokens/tokens").then((m) => m.Tokens) },
  { path: "audit", title: "Audit · ALM", loadComponent: () => import("./audit/instance").then((m) => m.InstanceAudit) },
  { path: "projects/:project/:service/trend", loadComponent: () => import("./trend/trend").then((m) => m.Trend) },
  { path: "credentials", loadComponent: () => import("./credentials/credentials").then((m) => m.Credentials) },
  { path: "oauth-clients", loadComponent: () => import("./clients/clients").then((m) => m.Clients) },
  { path: "**", loadComponent: () => import("./parts/missing").then((m) => m.Missing) },
];

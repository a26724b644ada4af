/** Where the bearer is kept in the tab's storage. */
export const KEY = "alm.token";

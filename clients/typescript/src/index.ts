export * from "./api.js";
export { ProblemError } from "./client.js";
export type { Answer, ClientOptions, RequestOptions } from "./client.js";

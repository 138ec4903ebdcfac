/** Sends requests and reads answers: what every operation has in common. api.ts, which is generated, has the operations. */
import type { Problem } from "./api.js";

export interface ClientOptions {
  /** Address of the server, without path. In a browser: where the page is from. */
  base?: string;
  /** Bearer token, for programs. Browsers sign in with a cookie instead. */
  token?: string;
  /** Instead of the environment's fetch. */
  fetch?: typeof fetch;
}

export interface RequestOptions {
  signal?: AbortSignal;
  /** Name for this request in logs and errors; else the server makes one. */
  requestId?: string;
}

export interface Answer<T, S extends number = number> {
  status: S;
  data: T;
  /** Names the state of the object; give it back as `ifMatch`. */
  etag?: string;
  headers: Headers;
}

/** What the server said when it refused or failed; decide by `code`. */
export class ProblemError extends Error {
  override readonly name = "ProblemError";
  readonly code: Problem["code"];
  readonly status: number;
  /** Seconds to wait before trying again, where the server said so. */
  readonly retryAfter?: number;

  constructor(readonly problem: Problem, headers: Headers) {
    super(problem.detail ?? problem.title);
    this.code = problem.code;
    this.status = problem.status;
    const seconds = Number(headers.get("Retry-After") ?? Number.NaN);
    if (Number.isFinite(seconds)) this.retryAfter = seconds;
  }
}

export type Kind = "json" | "blob" | "text" | "stream" | "none";
export type Value = string | number | boolean | readonly (string | number | boolean)[] | undefined;

export interface Send {
  method: string;
  path: string;
  query?: Record<string, Value>;
  headers?: Record<string, string | undefined>;
  /** An object becomes JSON; FormData, Blob and bytes go as they are. */
  body?: unknown;
  /** Media type of a body that goes as it is, whatever it is. */
  media?: string;
  accept?: string;
  kind: Kind;
}

function encode(query: Record<string, Value>): string {
  const pairs = new URLSearchParams();
  for (const [name, value] of Object.entries(query))
    for (const one of Array.isArray(value) ? value : [value]) if (one !== undefined) pairs.append(name, String(one));
  const text = pairs.toString();
  return text ? `?${text}` : "";
}

function isRaw(body: unknown): body is BodyInit {
  return body instanceof FormData || body instanceof Blob || body instanceof ArrayBuffer || ArrayBuffer.isView(body);
}

async function problemOf(response: Response): Promise<Problem> {
  if (response.headers.get("Content-Type")?.startsWith("application/problem+json")) return (await response.json()) as Problem;
  /* Somebody between us and the server answered. */
  const code = response.status >= 500 ? "internal" : "invalid";
  return { type: "about:blank", title: response.statusText || "Error", status: response.status, code };
}

async function read(response: Response, kind: Kind): Promise<unknown> {
  if (response.status === 204 || kind === "none") return undefined;
  switch (kind) {
    case "json": return response.json();
    case "text": return response.text();
    case "stream": return response.body;
    default: return response.blob();
  }
}

export class Client {
  readonly #base: string;
  readonly #fetch: typeof fetch;
  #token: string | undefined;
  #csrf: string | undefined;

  constructor(options: ClientOptions = {}) {
    this.#base = (options.base ?? "").replace(/\/+$/, "");
    this.#token = options.token;
    this.#fetch = options.fetch ?? ((input, init) => fetch(input, init));
  }

  /** For X-CSRF-Token: `csrf` of what login and me answered. Set by them. */
  set csrf(value: string | undefined) {
    this.#csrf = value;
  }

  #headers(send: Send, options: RequestOptions): Headers {
    const headers = new Headers();
    for (const [name, value] of Object.entries(send.headers ?? {})) if (value !== undefined) headers.set(name, value);
    headers.set("Accept", send.accept ?? "application/json");
    if (this.#token) headers.set("Authorization", `Bearer ${this.#token}`);
    else if (this.#csrf && send.method !== "GET") headers.set("X-CSRF-Token", this.#csrf);
    if (options.requestId) headers.set("X-Request-Id", options.requestId);
    if (send.media) headers.set("Content-Type", send.media);
    else if (send.body !== undefined && !isRaw(send.body)) headers.set("Content-Type", "application/json");
    else if (isRaw(send.body) && !(send.body instanceof FormData) && !(send.body instanceof Blob && send.body.type))
      headers.set("Content-Type", "application/octet-stream");
    return headers;
  }

  /** One request. Throws ProblemError for an answer that is no success, TypeError where no answer came. */
  protected async send(send: Send, options: RequestOptions = {}): Promise<Answer<unknown>> {
    const init: RequestInit = { method: send.method, headers: this.#headers(send, options), credentials: "same-origin" };
    if (options.signal) init.signal = options.signal;
    if (send.media) init.body = send.body as BodyInit;
    else if (send.body !== undefined) init.body = isRaw(send.body) ? send.body : JSON.stringify(send.body);
    if (send.body instanceof ReadableStream) Object.assign(init, { duplex: "half" }); /* sent while it is made */
    const response = await this.#fetch(this.#base + send.path + encode(send.query ?? {}), init);
    if (!response.ok) throw new ProblemError(await problemOf(response), response.headers);
    const data = await read(response, send.kind);
    if (data && typeof data === "object" && "csrf" in data && typeof data.csrf === "string") this.#csrf = data.csrf;
    const answer: Answer<unknown> = { status: response.status, data, headers: response.headers };
    const etag = response.headers.get("ETag");
    if (etag) answer.etag = etag;
    return answer;
  }
}

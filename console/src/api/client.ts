// Asks the API, and nothing else. Addresses are relative, so that all works behind any path of a proxy.
import type { components } from './schema';

export type Schemas = components['schemas'];
export type Role = Schemas['Session']['role'];

const key = 'connectord.session';
const longestAnswer = 70_000;
const longestFile = 600_000;

// Why there is no answer, or what the API says is wrong. `status` is 0 where nobody answered.
export class ApiError extends Error {
  constructor(
    readonly status: number,
    message: string,
    readonly errors: { field: string; message: string }[] = [],
  ) {
    super(message);
  }
}

// Whatever was thrown, as what a page can say: nobody answered, if it was not the API.
export function asError(reason: unknown): ApiError {
  return reason instanceof ApiError ? reason : new ApiError(0, '');
}

// The secret is of this tab and this origin alone, and is sent nowhere but here.
export const secret = {
  get: (): string | null => sessionStorage.getItem(key),
  set: (value: string): void => sessionStorage.setItem(key, value),
  forget: (): void => sessionStorage.removeItem(key),
};

type Query = Record<string, string | number | undefined>;

export function withQuery(path: string, query: Query = {}): string {
  const parameters = new URLSearchParams();
  for (const [name, value] of Object.entries(query)) {
    if (value !== undefined && value !== '') parameters.set(name, String(value));
  }
  const text = parameters.toString();
  return text ? `${path}?${text}` : path;
}

let onEnd: () => void = () => {};
// What happens when the API no longer takes the session.
export function whenSessionEnds(act: () => void): void {
  onEnd = act;
}

interface Order {
  method?: string;
  query?: Query;
  body?: unknown;
  ifMatch?: string;
  bearer?: string;
  signal?: AbortSignal;
}

export interface Answer<T> {
  data: T;
  etag: string;
}

async function problemOf(response: Response): Promise<ApiError> {
  try {
    const problem = (await response.json()) as Schemas['Problem'];
    return new ApiError(response.status, problem.detail, problem.errors ?? []);
  } catch {
    return new ApiError(response.status, `${response.status} ${response.statusText}`);
  }
}

async function fetched(path: string, order: Order, longest: number): Promise<Response> {
  const bearer = order.bearer ?? secret.get();
  const headers: Record<string, string> = {};
  if (bearer) headers['Authorization'] = `Bearer ${bearer}`;
  if (order.body !== undefined) headers['Content-Type'] = 'application/json';
  if (order.ifMatch) headers['If-Match'] = order.ifMatch;
  const limit = AbortSignal.timeout(longest);
  let response: Response;
  try {
    response = await fetch(withQuery(path, order.query), {
      method: order.method ?? 'GET',
      headers,
      credentials: 'omit',
      cache: 'no-store',
      signal: order.signal ?? limit,
      ...(order.body === undefined ? {} : { body: JSON.stringify(order.body) }),
    });
  } catch (error) {
    if (order.signal?.aborted) throw error;
    throw new ApiError(0, '');
  }
  if (!response.ok) {
    const problem = await problemOf(response);
    if (response.status === 401 && !order.bearer) onEnd();
    throw problem;
  }
  return response;
}

export async function ask<T>(path: string, order: Order = {}): Promise<Answer<T>> {
  const response = await fetched(path, order, longestAnswer);
  const text = await response.text();
  return { data: (text ? JSON.parse(text) : null) as T, etag: response.headers.get('ETag') ?? '' };
}

export async function get<T>(path: string, query?: Query, signal?: AbortSignal): Promise<T> {
  return (await ask<T>(path, { ...(query ? { query } : {}), ...(signal ? { signal } : {}) })).data;
}

// A file as the API sends it. Fails where its end is missing.
export async function getFile(path: string, query: Query): Promise<Blob> {
  const response = await fetched(path, { query }, longestFile);
  try {
    return await response.blob();
  } catch {
    throw new ApiError(0, '');
  }
}

// A name as a part of a path.
export function connectorPath(name: string, below = ''): string {
  return `api/exchange/connectors/${encodeURIComponent(name)}${below}`;
}

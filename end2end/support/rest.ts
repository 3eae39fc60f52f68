/** Who calls in the demo: its people's tokens are no secrets. */
export const DEMO_ADMIN = 'demo-admin';

/** Calls the REST API, demands success and reads the answer. */
export async function rest<T = any>(
  server: { url: string },
  method: 'GET' | 'POST',
  path: string,
  body?: unknown,
  token: string = DEMO_ADMIN,
): Promise<T> {
  const response = await fetch(`${server.url}/api/v1/${path}`, {
    method,
    headers: { Authorization: `Bearer ${token}`, ...(body === undefined ? {} : { 'Content-Type': 'application/json' }) },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  const text = await response.text();
  if (!response.ok) throw new Error(`${method} ${path} answered ${response.status}: ${text}`);
  return JSON.parse(text);
}

import type { MatchedRoute } from './http-event.ts';

/** A route of the template: `POST /webhooks/{source}` or `$default`. */
export type Route<Target> = { readonly routeKey: string; readonly target: Target };

/** The route that a request takes: the one of its method and path, else the default one, else none. */
export function matchRoute<Target>(
  routes: readonly Route<Target>[],
  method: string,
  path: string,
): (MatchedRoute & { readonly target: Target }) | undefined {
  for (const route of routes) {
    const pathParameters = matchRouteKey(route.routeKey, method, path);
    if (pathParameters !== undefined) return { ...route, pathParameters };
  }
  const fallback = routes.find(({ routeKey }) => routeKey === '$default');
  return fallback && { ...fallback, pathParameters: {} };
}

/** The path parameters of a request that this route takes, else `undefined`. */
function matchRouteKey(
  routeKey: string,
  method: string,
  path: string,
): Readonly<Record<string, string>> | undefined {
  const [routeMethod, pattern = ''] = routeKey.split(' ');
  if (routeMethod !== 'ANY' && routeMethod !== method) return undefined;
  const match = new RegExp(`^${pattern.replaceAll(/\{(\w+)\}/g, '(?<$1>[^/]+)')}$`).exec(path);
  return match === null ? undefined : { ...match.groups };
}

import type { RouteEntry } from './route.ts'

/** A limit is set on a call that is not there; the message tells the operator what to do. */
export class UnknownLimitedRoute extends Error {
  override readonly name = 'UnknownLimitedRoute'
}

/** `/orders/{order_id}`, as the documents write it, is `/orders/:order_id` to the server. */
function asMounted(route: string): string {
  return route.replaceAll(/\{(\w+)\}/g, ':$1')
}

/**
 * The limits of single calls as the server knows these. Platforms' callbacks are never limited, so they have none.
 * @throws UnknownLimitedRoute for a limit that would hold back nobody.
 */
export function limitsOfRoutes(
  limits: Readonly<Record<string, number>>,
  routes: readonly RouteEntry[],
): Record<string, number> {
  const known = new Set(routes.flatMap(([method, url, { access }]) => (access === 'webhook' ? [] : `${method} ${url}`)))
  for (const route of Object.keys(limits)) {
    if (known.has(asMounted(route))) continue
    throw new UnknownLimitedRoute(
      `RATE_LIMIT_ROUTES names ${JSON.stringify(route)}, which is no call that can be limited. Write method and path as /docs has them, like "POST /api/v1/login/code".`,
    )
  }
  return Object.fromEntries(Object.entries(limits).map(([route, perMinute]) => [asMounted(route), perMinute]))
}

import type { accountRoutes } from '../features/account/routes.ts'
import type { inboxRoutes } from '../features/inbox/routes.ts'
import type { orderRoutes } from '../features/orders/routes.ts'
import type { paymentRoutes } from '../features/payments/routes.ts'
import type { sessionRoutes } from '../features/sessions/routes.ts'
import type { storeRoutes } from '../features/store/routes.ts'
import type { RouteEntry } from './route.ts'

/** The features' calls, as the composition root has built them. */
export interface FeatureRoutes {
  readonly sessions: ReturnType<typeof sessionRoutes>
  readonly account: ReturnType<typeof accountRoutes>
  readonly store: ReturnType<typeof storeRoutes>
  readonly orders: ReturnType<typeof orderRoutes>
  readonly payments: ReturnType<typeof paymentRoutes>
  readonly inbox: ReturnType<typeof inboxRoutes>
}

/** The table of contents of the API. */
export function routes({ sessions, account, store, orders, payments, inbox }: FeatureRoutes): RouteEntry[] {
  return [
    ['POST', '/api/v1/token', sessions.issueToken],
    ['POST', '/api/v1/token/refresh', sessions.refreshToken],
    ['POST', '/api/v1/logout', sessions.logOut],
    ['GET', '/api/v1/sessions', sessions.listSessions],
    ['POST', '/api/v1/sessions/:id/revoke', sessions.revokeSession],
    ['POST', '/api/v1/sessions/revoke_others', sessions.revokeOtherSessions],

    ['GET', '/api/v1/login', account.logInByQuery],
    ['POST', '/api/v1/login', account.logIn],
    ['POST', '/api/v1/refresh', account.refresh],
    ['POST', '/api/v1/account/link', account.linkIdentity],
    ['POST', '/api/v1/account/unlink', account.unlinkIdentity],

    ['GET', '/api/v1/store/items', store.listItemsByQuery],
    ['POST', '/api/v1/store/items', store.listItems],

    ['POST', '/api/v1/payment/success', payments.paymentSuccess],
    ['POST', '/api/v1/payment/failure', payments.paymentFailure],

    ['GET', '/api/v1/orders/history', orders.historyByQuery],
    ['POST', '/api/v1/orders/history', orders.history],
    ['GET', '/api/v1/orders/:order_id', orders.readOrder],

    ['GET', '/api/v1/inbox', inbox.listMessages],
    ['POST', '/api/v1/inbox/:id/claim', inbox.claimMessage],
    ['POST', '/api/v1/inbox/claim_all', inbox.claimAll],
  ]
}

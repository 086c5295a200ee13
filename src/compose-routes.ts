import type { FastifyInstance } from 'fastify'
import type { Channels } from './channels/channel.ts'
import { openDirectChannel } from './channels/signed/index.ts'
import type { Config } from './config/config.ts'
import type { Database } from './db/database.ts'
import { type LoginCodeDeps, type LoginMeans, openPlatformLogin } from './features/account/index.ts'
import { accountRoutes } from './features/account/routes.ts'
import { dailyGiftRoutes } from './features/daily-gift/routes.ts'
import { inboxRoutes } from './features/inbox/routes.ts'
import { orderRoutes } from './features/orders/routes.ts'
import { caseRoutes } from './features/payments/case-routes.ts'
import { channelRoutes } from './features/payments/channel-routes.ts'
import type { MessageDeps } from './features/payments/index.ts'
import { paymentRoutes } from './features/payments/routes.ts'
import { playerRoutes } from './features/players/routes.ts'
import type { ActDeps } from './features/privacy/index.ts'
import { privacyRoutes } from './features/privacy/routes.ts'
import type { SecurityTrail } from './features/security/index.ts'
import type { SessionDeps } from './features/sessions/index.ts'
import { sessionRoutes } from './features/sessions/routes.ts'
import type { Catalogues } from './features/store/index.ts'
import { storeRoutes } from './features/store/routes.ts'
import { walletRoutes } from './features/wallet/routes.ts'
import type { RouteEntry } from './http/route.ts'
import { routes } from './http/routes.ts'
import type { IdentityProviders } from './identity-providers/identity-provider.ts'
import type { Clock } from './kernel/clock.ts'
import { invariant } from './kernel/invariant.ts'
import type { KeyValueStore } from './kv/kv.ts'
import type { Mailbox } from './messaging/mailbox.ts'
import type { ClockRouteDeps } from './test-routes/clock-route.ts'
import type { CallApi } from './test-routes/play.ts'
import { testRoutes } from './test-routes/routes.ts'
import { VERSION } from './version.ts'

/** What the features are built from. */
export interface Parts {
  readonly config: Config
  readonly clock: Clock
  readonly server: FastifyInstance
  readonly database: Database
  readonly kv: KeyValueStore
  readonly sessionDeps: SessionDeps
  /** What logins are proven by here, with the ways of codes to players. */
  readonly logins: LoginMeans & LoginCodeDeps
  /** Where `local` shows what it sends to nobody. */
  readonly mailbox: Mailbox | null
  readonly identityProviders: IdentityProviders
  readonly trail: SecurityTrail
  readonly catalogues: Catalogues
  readonly messageDeps: MessageDeps
  readonly channels: Channels
  readonly actDeps: ActDeps
  /** Lets `local` try out what comes late. */
  readonly moving: ClockRouteDeps
}

/** Every feature's calls, each handed what it needs. */
export function featureRoutes(parts: Parts): RouteEntry[] {
  const { config, clock, server, database, kv, sessionDeps, logins, catalogues, messageDeps, channels } = parts
  const { apps, sessions } = sessionDeps
  // In `local` everybody is believed: a bare login id, and a client that says it has paid.
  const isLocal = config.env === 'local'
  const [firstApp] = apps.all
  invariant(firstApp, 'the configuration names at least one app')
  const accountDeps = {
    ...{ database, apps, sessions, clock, channels, ...logins, loginCodes: logins },
    identityProviders: parts.identityProviders,
    record: parts.trail.record,
    loginTrust: isLocal ? ('bare_ids' as const) : ('proof' as const),
  }
  return routes({
    sessions: sessionRoutes(sessionDeps),
    account: accountRoutes(accountDeps),
    store: storeRoutes({ database, catalogues, clock }),
    orders: orderRoutes({ database, clock, catalogues, apps, channels }),
    inbox: inboxRoutes({ database, clock }),
    dailyGift: dailyGiftRoutes({ database, apps, catalogues, clock }),
    players: playerRoutes({ database, clock }),
    wallet: walletRoutes({ database, clock }),
    payments: paymentRoutes({ ...messageDeps, direct: openDirectChannel({ mint: isLocal ? 'open' : 'closed' }) }),
    channels: channelRoutes({ ...messageDeps, channels, platformLogin: openPlatformLogin(accountDeps), kv }),
    privacy: privacyRoutes({
      ...parts.actDeps,
      identityProviders: parts.identityProviders,
      publicUrl: () => config.http.publicUrl ?? server.listeningOrigin,
    }),
    cases: caseRoutes({ database, clock }),
    tests: testRoutes({
      isOpen: isLocal,
      appId: firstApp.appId,
      callApi: callOn(server),
      mailbox: parts.mailbox,
      moving: parts.moving,
      ...{ database, kv, clock, version: VERSION },
    }),
  })
}

/** Calls the API of this very server, as its own client. */
function callOn(server: FastifyInstance): CallApi {
  return async ({ method, path, token, body }) => {
    const headers = token === null ? {} : { authorization: `Bearer ${token}` }
    const answer = await server.inject({ method, url: path, headers, ...(body === null ? {} : { payload: body }) })
    return { status: answer.statusCode, body: answer.json() }
  }
}

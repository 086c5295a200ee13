import type { AppId } from '../../kernel/ids.ts'
import { invariant } from '../../kernel/invariant.ts'
import { type DeliveryDeps, deliverEvents } from './deliver-events.ts'
import { type Backlog, readBacklog } from './delivery-queries.ts'
import { openEventFinder } from './find-events.ts'
import { signingKey } from './sign-event.ts'

/** The delivery of outbox events to the game servers of some apps. */
export interface OutboxDelivery {
  /** The apps that have an endpoint; events of others wait. */
  readonly appIds: readonly AppId[]
  /** Delivers what an app has waiting. Two at once do no harm. Gives how many events were taken. */
  deliver(appId: AppId, signal: AbortSignal): Promise<number>
  /** Looks for events that were missed. Gives how many players have any. */
  findMissed(signal: AbortSignal): Promise<number>
  backlogOf(appId: AppId): Promise<Backlog>
}

export function openOutboxDelivery(
  deps: DeliveryDeps,
  apps: readonly {
    readonly appId: AppId
    readonly webhooks: { readonly url: string; readonly secrets: readonly string[]; readonly timeoutMs: number } | null
  }[],
): OutboxDelivery {
  const endpoints = new Map(
    apps.flatMap(({ appId, webhooks }) => {
      if (webhooks === null) return []
      const { url, secrets, timeoutMs } = webhooks
      return [[appId, { appId, url, timeoutMs, keys: secrets.map(signingKey) }] as const]
    }),
  )
  const appIds = [...endpoints.keys()]
  const finder = openEventFinder(deps, appIds)
  return {
    appIds,
    deliver: async (appId, signal) => {
      const endpoint = endpoints.get(appId)
      invariant(endpoint, `the app ${appId} has an endpoint`)
      return await deliverEvents(deps, endpoint, { lookForNew: () => finder.findNew(appId), stop: signal })
    },
    findMissed: (signal) => finder.findMissed(signal),
    backlogOf: (appId) => readBacklog(deps.database.db, appId),
  }
}

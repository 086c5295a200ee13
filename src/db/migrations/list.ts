import { players } from './0001-players.ts'
import { ledger } from './0002-ledger.ts'
import { store } from './0003-store.ts'
import { orders } from './0004-orders.ts'
import { payments } from './0005-payments.ts'
import { inbox } from './0006-inbox.ts'
import { idempotencyKeys } from './0007-idempotency-keys.ts'
import { catalogueVersions } from './0008-catalogue-versions.ts'
import { orderDeadlines } from './0009-order-deadlines.ts'
import { giftsAndReasons } from './0010-gifts-and-reasons.ts'
import { identity } from './0011-identity.ts'
import { reversals } from './0012-reversals.ts'
import { channelTasks } from './0013-channel-tasks.ts'
import { testPurchases } from './0014-test-purchases.ts'
import { callbackNames } from './0015-callback-names.ts'
import { webChannels } from './0016-web-channels.ts'
import { outboxDelivery } from './0017-outbox-delivery.ts'
import { owedCalls } from './0018-owed-calls.ts'
import { consent } from './0019-consent.ts'
import type { MigrationStep } from './run.ts'

/** Every migration, in order. A released one is never edited: a change is a further one. */
export const migrations: Record<string, MigrationStep[]> = {
  '0001-players': players,
  '0002-ledger': ledger,
  '0003-store': store,
  '0004-orders': orders,
  '0005-payments': payments,
  '0006-inbox': inbox,
  '0007-idempotency-keys': idempotencyKeys,
  '0008-catalogue-versions': catalogueVersions,
  '0009-order-deadlines': orderDeadlines,
  '0010-gifts-and-reasons': giftsAndReasons,
  '0011-identity': identity,
  '0012-reversals': reversals,
  '0013-channel-tasks': channelTasks,
  '0014-test-purchases': testPurchases,
  '0015-callback-names': callbackNames,
  '0016-web-channels': webChannels,
  '0017-outbox-delivery': outboxDelivery,
  '0018-owed-calls': owedCalls,
  '0019-consent': consent,
}

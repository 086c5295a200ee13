import { Type } from 'typebox'
import type { Database } from '../db/database.ts'
import { defineRoute } from '../http/route.ts'
import { type Clock, isoTime, stopwatch } from '../kernel/clock.ts'
import type { AppId } from '../kernel/ids.ts'
import { accepted, refused } from '../kernel/outcome.ts'
import type { KeyValueStore } from '../kv/kv.ts'
import type { Mailbox } from '../messaging/mailbox.ts'
import { type ClockRouteDeps, clockRoute } from './clock-route.ts'
import { describeDatabase } from './describe-database.ts'
import { type CallApi, startPlay } from './play.ts'
import { STORIES, type StoryName } from './stories.ts'

export interface TestRouteDeps {
  /** False in `online`: there every one of them is 403. */
  readonly isOpen: boolean
  readonly appId: AppId
  readonly callApi: CallApi
  readonly database: Database
  readonly kv: KeyValueStore
  readonly clock: Clock
  readonly version: string
  readonly moving: ClockRouteDeps
  /** What was sent to nobody; null where messages really go out. */
  readonly mailbox: Mailbox | null
}

/** `GET /test/*`: tries the running server by itself, with the real code on throw-away players. For development. */
export function testRoutes(deps: TestRouteDeps) {
  return {
    simple: simpleRoute(deps),
    ping: pingRoute(deps),
    tokenTest: storyRoute(deps, { name: 'token_test', summary: 'Starts a session' }),
    loginTest: storyRoute(deps, { name: 'login_test', summary: 'Logs a new player in' }),
    storeItemsTest: storyRoute(deps, { name: 'store_items_test', summary: 'Shows the store of a new player' }),
    paymentSuccessTest: storyRoute(deps, { name: 'payment_success_test', summary: 'Pays for item 1, twice the same' }),
    paymentFailureTest: storyRoute(deps, { name: 'payment_failure_test', summary: 'Reports a declined card' }),
    orderHistoryTest: storyRoute(deps, { name: 'order_history_test', summary: 'Pays, fails, and reads the orders' }),
    dailyGiftTest: storyRoute(deps, { name: 'daily_gift_test', summary: "Claims today's gift, and once more" }),
    databaseInfo: databaseRoute(deps),
    mailbox: mailboxRoute(deps),
    moveClock: clockRoute(deps.moving),
  }
}

const DESCRIBED = { tag: 'Test', access: 'open' as const, errors: ['test_routes_off'] as const }
const Latency = Type.Number({ description: 'Milliseconds' })

function simpleRoute({ isOpen, clock, version }: TestRouteDeps) {
  return defineRoute({
    ...DESCRIBED,
    summary: 'The server answers',
    answer: Type.Object({ message: Type.String(), version: Type.String(), time: Type.String() }),
    examples: { answer: { message: 'It works.', version: '0.5.0', time: '2026-11-01T09:30:00.000Z' } },
    handle: async ({ language }) => {
      if (!isOpen) return refused('test_routes_off')
      return accepted({
        message: language === 'zh' ? '运行正常。' : 'It works.',
        version,
        time: isoTime(clock.nowMs()),
      })
    },
  })
}

function pingRoute({ isOpen, database, kv }: TestRouteDeps) {
  return defineRoute({
    ...DESCRIBED,
    summary: 'Its parts answer',
    answer: Type.Object({ message: Type.String(), database_ms: Latency, sessions_ms: Latency }),
    examples: { answer: { message: 'pong', database_ms: 0.1, sessions_ms: 0.1 } },
    handle: async () => {
      if (!isOpen) return refused('test_routes_off')
      const database_ms = await timed(() => database.ping())
      const sessions_ms = await timed(() => kv.ping())
      return accepted({ message: 'pong', database_ms, sessions_ms })
    },
  })
}

function storyRoute(deps: TestRouteDeps, { name, summary }: { name: StoryName; summary: string }) {
  return defineRoute({
    ...DESCRIBED,
    summary,
    description: 'On a throw-away player, by the calls that a client would make; shows each with its answer.',
    answer: Type.Object({
      test: Type.String(),
      ok: Type.Boolean({ description: 'Each call answered with the status that it should' }),
      uid: Type.String(),
      steps: Type.Array(
        Type.Object({
          call: Type.String(),
          sent: Type.Unknown(),
          status: Type.Integer(),
          answer: Type.Unknown(),
        }),
      ),
    }),
    examples: {
      answer: {
        test: name,
        ok: true,
        uid: '10001',
        steps: [{ call: 'POST /api/v1/token', sent: {}, status: 200, answer: { return_code: 1 } }],
      },
    },
    handle: async () => {
      if (!deps.isOpen) return refused('test_routes_off')
      const play = startPlay(deps.callApi)
      await STORIES[name](play, deps.appId)
      return accepted({ test: name, ok: play.isAsExpected(), uid: play.uid(), steps: play.steps })
    },
  })
}

function databaseRoute({ isOpen, database }: TestRouteDeps) {
  return defineRoute({
    ...DESCRIBED,
    summary: 'What the database holds',
    answer: Type.Object({
      engine: Type.String(),
      pending_migrations: Type.Array(Type.String()),
      tables: Type.Array(Type.Object({ table: Type.String(), rows: Type.Integer() })),
    }),
    examples: { answer: { engine: 'sqlite', pending_migrations: [], tables: [{ table: 'users', rows: 1 }] } },
    handle: async () => {
      if (!isOpen) return refused('test_routes_off')
      return accepted(await describeDatabase(database))
    },
  })
}

function mailboxRoute({ isOpen, mailbox }: TestRouteDeps) {
  return defineRoute({
    ...DESCRIBED,
    summary: 'Mail and SMS that were sent to nobody, newest first',
    description: 'Login codes stand here where neither SMTP_URL nor SMS is set; the last fifty.',
    answer: Type.Object({
      messages: Type.Array(
        Type.Object({
          kind: Type.String({ description: '`email` or `sms`' }),
          to: Type.String(),
          subject: Type.Union([Type.String(), Type.Null()]),
          text: Type.String(),
          code: Type.String(),
          sent_at: Type.String(),
        }),
      ),
    }),
    examples: {
      answer: {
        messages: [
          {
            ...{ kind: 'email', to: 'player@example.com', subject: '012345 is your login code' },
            ...{ text: 'Your login code is 012345.', code: '012345', sent_at: '2026-11-01T09:30:00.000Z' },
          },
        ],
      },
    },
    handle: async () => {
      if (!isOpen) return refused('test_routes_off')
      const messages = (await mailbox?.read()) ?? []
      return accepted({
        messages: messages.map(({ kind, to, subject, text, code, sentAtMs }) => ({
          ...{ kind, to, subject, text, code },
          sent_at: isoTime(sentAtMs),
        })),
      })
    },
  })
}

async function timed(work: () => Promise<void>): Promise<number> {
  const elapsedMs = stopwatch()
  await work()
  return Math.round(elapsedMs() * 1000) / 1000
}

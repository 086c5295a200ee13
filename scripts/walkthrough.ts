import { randomBytes } from 'node:crypto'
import { styleText } from 'node:util'

/**
 * Drives a running server as a game client and a payment platform would, and checks every answer:
 * `npm run walkthrough [address]`. Makes one new player and leaves it there.
 */

const APP_ID = 'com.funtriolimited.slots.casino.free'
const BASE_DEFAULT = 'http://127.0.0.1:8000'
// For a server that takes the call and then says nothing.
const ANSWER_WITHIN_MS = 10_000

type Json = Record<string, unknown>
/** Fields of the answer by their paths (`items.0.id`), and what they must be. */
type Expected = Readonly<Record<string, unknown>>

interface Step {
  readonly says: string
  readonly call: `${'GET' | 'POST'} /${string}`
  readonly body?: Json
  readonly token?: string
  readonly status?: number
  readonly expect: Expected
  /** Fields that are worth seeing beside the expected ones. */
  readonly show?: readonly string[]
}

class NoServer extends Error {
  override readonly name = 'NoServer'
}
/** What follows needs an answer that did not come. */
class CannotGoOn extends Error {
  override readonly name = 'CannotGoOn'
}

const base = (process.argv[2] ?? process.env['BASE_URL'] ?? BASE_DEFAULT).replace(/\/+$/, '')
const wrong: string[] = []
let steps = 0

try {
  if (URL.parse(base) === null) throw new CannotGoOn(`${base} is no address: write one like ${BASE_DEFAULT}`)
  say(`Walking through the payment API at ${base}\n`)
  await walk()
} catch (error) {
  if (error instanceof NoServer) end(`No server answers at ${base} (${error.message}). Start one with: npm start`)
  if (!(error instanceof CannotGoOn)) throw error
  wrong.push(error.message)
}
if (wrong.length > 0)
  end(`not ok: ${wrong.length} of ${steps} steps went wrong.\n${wrong.map((why) => `  - ${why}`).join('\n')}`)
say(colour('green', `ok: all ${steps} steps answered as they should.`))

async function walk(): Promise<void> {
  // Fresh names each time, so that it can be walked again and again on one database.
  const run = randomBytes(6).toString('hex')
  await step({
    says: 'Is the server alive?',
    call: 'GET /health',
    expect: { status: 'healthy', message: 'Payment API is running' },
  })
  const player = await logIn(run)
  await buy(player, run)
  await refuseWrongPrice(player, run)
  await failThenSucceed(player, run)
  await claimRewards(player)
  await readHistory(player, run)
  await logOut(player)
}

interface Player {
  readonly token: string
  readonly uid: string
}

async function logIn(run: string): Promise<Player> {
  const session = await step({
    says: 'The game starts a session.',
    call: 'POST /api/v1/token',
    body: { appId: APP_ID },
    expect: { scope: 'client', expires_in: 10_800 },
  })
  const token = text(session, 'token')
  const loggedIn = await step({
    says: 'A new player logs in (type 1, Facebook; in `local` a bare id is enough).',
    call: `GET /api/v1/login?loginType=1&loginId=walkthrough-${run}`,
    token,
    expect: { is_new: true, coins: 0, tokens: 0, is_first_pay: 1 },
    show: ['uid', 'user_name'],
  })
  if (field(loggedIn, 'error') === 'proof_required') {
    throw new CannotGoOn('the server runs in `online`, where nobody logs in by a bare id: walk through one in `local`')
  }
  return { token, uid: text(loggedIn, 'uid') }
}

async function buy({ token, uid }: Player, run: string): Promise<void> {
  await step({
    says: 'The store shows six packs, and item 1 with its first-charge bonus.',
    call: 'GET /api/v1/store/items',
    token,
    expect: { is_first_pay: 1, 'items.length': 6, 'items.0.id': 1, 'items.0.price': 19.99, 'items.0.tokens': 22 },
  })
  const body = payment({ order_id: `walk-${run}-1`, uid, transaction_id: `txn-${run}-1` })
  const granted: Expected = {
    order_status: 'completed',
    coins_granted: 1000,
    tokens_granted: 22,
    is_first_charge: true,
    'balance.coins': 1000,
  }
  const success = { call: 'POST /api/v1/payment/success', token, body } as const
  await step({ says: 'The platform says that item 1 was paid.', ...success, expect: { ...granted, replayed: false } })
  await step({
    says: 'It says so again: the same answer, and nothing is granted twice.',
    ...success,
    expect: { ...granted, replayed: true },
  })
}

async function refuseWrongPrice({ token, uid }: Player, run: string): Promise<void> {
  await step({
    says: 'A payment of one cent is refused, and waits for a person.',
    call: 'POST /api/v1/payment/success',
    token,
    body: payment({ order_id: `walk-${run}-2`, uid, transaction_id: `txn-${run}-2`, price: 0.01 }),
    status: 409,
    expect: { error: 'price_mismatch', action: 'contact_support' },
  })
}

async function failThenSucceed({ token, uid }: Player, run: string): Promise<void> {
  const order = { order_id: `walk-${run}-3`, uid, item_id: 2 }
  const failure = { ...order, web_pay_error_code: 'CARD_DECLINED', payment_channel: 'stripe' }
  await step({
    says: 'A card is declined: the failure is recorded.',
    call: 'POST /api/v1/payment/failure',
    token,
    body: failure,
    expect: { order_status: 'failed', error_code: 'CARD_DECLINED' },
  })
  await step({
    says: 'Then the same order is paid after all: late success wins, now without the first-charge bonus.',
    call: 'POST /api/v1/payment/success',
    token,
    body: payment({ ...order, price: 29.99, transaction_id: `txn-${run}-3` }),
    expect: {
      order_status: 'completed',
      coins_granted: 2000,
      tokens_granted: 30,
      is_first_charge: false,
      'balance.coins': 3000,
    },
  })
  await step({
    says: 'A failure that comes late undoes nothing.',
    call: 'POST /api/v1/payment/failure',
    token,
    body: failure,
    expect: { order_status: 'completed' },
  })
}

async function claimRewards({ token }: Player): Promise<void> {
  const inbox = await step({
    says: 'Both rewards wait in the inbox.',
    call: 'GET /api/v1/inbox',
    token,
    expect: { 'messages.length': 2, 'messages.0.state': 'unclaimed' },
    show: ['messages.0.tokens', 'messages.1.tokens'],
  })
  const newest = Number(field(inbox, 'messages.0.tokens'))
  const claim = {
    call: `POST /api/v1/inbox/${text(inbox, 'messages.0.id')}/claim`,
    token,
    body: {},
  } as const
  await step({
    says: 'The player claims one.',
    ...claim,
    expect: { tokens: newest, 'balance.tokens': newest },
  })
  await step({ says: 'And cannot claim it twice.', ...claim, status: 409, expect: { error: 'already_claimed' } })
  await step({
    says: 'The player claims all that is left.',
    call: 'POST /api/v1/inbox/claim_all',
    token,
    body: {},
    expect: { 'balance.coins': 3000, 'balance.tokens': 52, more: false },
  })
}

async function readHistory({ token }: Player, run: string): Promise<void> {
  const history = await step({
    says: 'The history shows three orders.',
    call: 'GET /api/v1/orders/history?limit=10',
    token,
    expect: { 'data.length': 3, next_cursor: null },
  })
  const rows = field(history, 'data')
  const told = Array.isArray(rows) ? rows.map((row: Json) => `${row['order_id']}=${row['order_status']}`).sort() : []
  const wanted = [`walk-${run}-1=completed`, `walk-${run}-2=review`, `walk-${run}-3=completed`]
  if (told.join() !== wanted.join()) note(`the history says ${told.join(', ')}; it should say ${wanted.join(', ')}`)
}

async function logOut({ token }: Player): Promise<void> {
  await step({ says: 'The player logs out.', call: 'POST /api/v1/logout', token, body: {}, expect: {} })
  await step({
    says: 'The token is dead at once.',
    call: 'GET /api/v1/store/items',
    token,
    status: 401,
    expect: { error: 'session_revoked' },
  })
}

function payment(fields: Json): Json {
  return { item_id: 1, price: 19.99, currency: 'USD', payment_channel: 'stripe', ...fields }
}

/** Makes one call, shows it, and notes what is not as it should be. */
async function step(wanted: Step): Promise<Json> {
  const { says, body, expect, status: statusWanted = 200 } = wanted
  steps += 1
  say(`${colour('bold', `${steps}. ${says}`)}\n   ${wanted.call}${body ? ` ${JSON.stringify(body)}` : ''}`)
  const { status, answer } = await send(wanted)
  const shown = [...Object.keys(expect), ...(wanted.show ?? [])]
  const fields = shown.map((name) => `${name}=${JSON.stringify(field(answer, name))}`).join(' ')
  const faults = [
    ...(status === statusWanted ? [] : [`status ${status} in place of ${statusWanted}: ${JSON.stringify(answer)}`]),
    ...Object.entries(expect)
      .filter(([name, value]) => field(answer, name) !== value)
      .map(([name, value]) => `${name} is ${JSON.stringify(field(answer, name))} in place of ${JSON.stringify(value)}`),
  ]
  say(`   -> ${status} ${fields} ${faults.length === 0 ? colour('green', 'ok\n') : ''}`)
  for (const fault of faults) note(`step ${steps} (${wanted.call.split('?', 1)[0]}): ${fault}`)
  return answer
}

async function send({ call, body, token }: Step): Promise<{ status: number; answer: Json }> {
  const [method = 'GET', path = '/'] = call.split(' ')
  const headers: Record<string, string> = {}
  if (token !== undefined) headers['authorization'] = `Bearer ${token}`
  if (body !== undefined) headers['content-type'] = 'application/json'
  const init = { method, headers, signal: AbortSignal.timeout(ANSWER_WITHIN_MS) }
  const said = body === undefined ? init : { ...init, body: JSON.stringify(body) }
  try {
    const response = await fetch(base + path, said)
    return { status: response.status, answer: readJson(await response.text()) }
  } catch (error) {
    throw new NoServer(reasonOf(error))
  }
}

function readJson(words: string): Json {
  try {
    const value: unknown = JSON.parse(words)
    return typeof value === 'object' && value !== null ? (value as Json) : {}
  } catch {
    return {}
  }
}

function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  const { cause } = error
  return cause instanceof Error && 'code' in cause ? String(cause.code) : error.message
}

function field(answer: Json, path: string): unknown {
  return path.split('.').reduce<unknown>((value, name) => {
    if (Array.isArray(value) && name === 'length') return value.length
    return typeof value === 'object' && value !== null && Object.hasOwn(value, name) ? (value as Json)[name] : undefined
  }, answer)
}

/** A field that the next calls need. */
function text(answer: Json, path: string): string {
  const value = field(answer, path)
  if (typeof value !== 'string' || value === '') throw new CannotGoOn(`the answer has no ${path}: the walk ends here`)
  return value
}

function note(fault: string): void {
  wrong.push(fault)
  say(`   ${colour('red', `not ok: ${fault}`)}`)
}

function colour(name: 'green' | 'red' | 'bold', words: string): string {
  return process.stdout.isTTY ? styleText(name, words) : words
}

function say(line: string): void {
  process.stdout.write(`${line}\n`)
}

function end(why: string): never {
  process.stderr.write(`${why}\n`)
  process.exit(1)
}

import { randomBytes } from 'node:crypto'
import { claimGift, orderItems, spendCoins } from './walkthrough/further.ts'
import {
  buy,
  claimRewards,
  failThenSucceed,
  logIn,
  logOut,
  readHistory,
  refuseWrongPrice,
} from './walkthrough/purchases.ts'
import { CannotGoOn, colour, NoServer, openWalk, say, type Walk } from './walkthrough/walk.ts'

/**
 * Drives a running server as a game client, a payment platform and a game server would, and checks every answer:
 * `npm run walkthrough [address]`. Makes one new player and leaves it there.
 */

const BASE_DEFAULT = 'http://127.0.0.1:8000'

const base = (process.argv[2] ?? process.env['BASE_URL'] ?? BASE_DEFAULT).replace(/\/+$/, '')
const walk = openWalk(base)
const wrong: string[] = []

try {
  if (URL.parse(base) === null) throw new CannotGoOn(`${base} is no address: write one like ${BASE_DEFAULT}`)
  say(`Walking through the payment API at ${base}\n`)
  await walkThrough(walk)
} catch (error) {
  if (error instanceof NoServer) end(`No server answers at ${base} (${error.message}). Start one with: npm start`)
  if (!(error instanceof CannotGoOn)) throw error
  wrong.push(error.message)
}
wrong.unshift(...walk.faults)
if (wrong.length > 0)
  end(`not ok: ${wrong.length} of ${walk.steps()} steps went wrong.\n${wrong.map((why) => `  - ${why}`).join('\n')}`)
say(colour('green', `ok: all ${walk.steps()} steps answered as they should.`))

async function walkThrough(along: Walk): Promise<void> {
  await along.step({
    says: 'Is the server alive?',
    call: 'GET /health',
    expect: { status: 'healthy', message: 'Payment API is running' },
  })
  // Fresh names each time, so that it can be walked again and again on one database.
  const player = await logIn(along, randomBytes(6).toString('hex'))
  await buy(along, player)
  await refuseWrongPrice(along, player)
  await failThenSucceed(along, player)
  await claimRewards(along, player)
  await readHistory(along, player)
  await orderItems(along, player)
  await claimGift(along, player)
  await spendCoins(along, player)
  await logOut(along, player)
}

function end(why: string): never {
  process.stderr.write(`${why}\n`)
  process.exit(1)
}

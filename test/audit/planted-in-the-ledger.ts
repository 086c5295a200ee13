import type { InvariantName } from '../../src/cli/audit/invariants.ts'
import type { LoosePosting, Planting } from './books-under-test.ts'
import type { Planted } from './planted.ts'

const breaks =
  (invariant: InvariantName) =>
  (what: string, plant: Planted['plant']): Planted => ({ breaks: invariant, what, plant })
const i1 = breaks('I1')
const i2 = breaks('I2')
const i6 = breaks('I6')
const i10 = breaks('I10')

const coins = (amount: number, from: string, to: string): LoosePosting => ({ from, to, currency: 'coins', amount })

/** Anna gets what support gives her: a transaction that no invariant but the chain's has a say in. */
const support = ({ append, anna }: Planting, sourceId: string, ...postings: LoosePosting[]) =>
  append(anna, { kind: 'support', sourceId, postings })

const POSTINGS: readonly Planted[] = [
  i1('a posting of a negative amount', (books) => support(books, 'gift', coins(-5, 'support', `player:${books.anna}`))),
  i1('a posting of nothing', (books) => support(books, 'gift', coins(0, 'support', `player:${books.anna}`))),
  i1('a posting of more than can be counted', async (books) => {
    await support(books, 'gift', coins(5, 'support', 'daily_gift'))
    await books.change`update postings set amount = 9007199254740993 where user_id = ${books.anna} and to_account = 'daily_gift'`
  }),
  i1('a posting from an account to itself', (books) => support(books, 'gift', coins(5, 'support', 'support'))),
  i1("a posting from a player's wallet to itself", (books) => {
    const wallet = `player:${books.anna}`
    return support(books, 'gift', coins(5, wallet, wallet))
  }),
  i1('a posting in a currency that there is not', (books) =>
    support(books, 'gift', { ...coins(5, 'support', `player:${books.anna}`), currency: 'gems' }),
  ),
  i1("a posting to another player's wallet", (books) =>
    support(books, 'gift', coins(5, 'support', `player:${books.ben}`)),
  ),
  i1('a posting from an account that there is not', (books) =>
    support(books, 'gift', coins(5, 'pocket', `player:${books.anna}`)),
  ),
  i1('a ledger transaction without postings', (books) => support(books, 'nothing')),
  i1('postings that are numbered with a gap', async (books) => {
    await support(books, 'gift', coins(5, 'support', 'daily_gift'), coins(6, 'support', 'daily_gift'))
    await books.change`update postings set posting_no = 3
      where user_id = ${books.anna} and amount = 6 and from_account = 'support'`
  }),
  i1(
    'a posting without its ledger transaction',
    ({ change, anna }) => change`insert into postings values (${anna}, 999, 1, 'daily_gift', 'support', 'coins', 5)`,
  ),
]

const GAME: readonly Planted[] = [
  i1("coins of the game's that no game server gave", (books) =>
    support(books, 'gift', coins(5, 'game', `player:${books.anna}`)),
  ),
  i1('coins that went to the game without a game server', (books) =>
    support(books, 'gift', coins(5, `player:${books.anna}`, 'game')),
  ),
  i1("a game server that moves what is not the game's", ({ append, anna }) =>
    append(anna, { kind: 'game', sourceId: 'spin', postings: [coins(5, 'support', `player:${anna}`)] }),
  ),
  i1('a game server that moves what no player has', ({ append, anna }) =>
    append(anna, { kind: 'game', sourceId: 'spin', postings: [coins(5, 'game', 'support')] }),
  ),
]

const gift = ({ change, nowMs, anna }: Planting, tokens: number) =>
  change`insert into inbox_messages values ('msg_gift', 'com.funtriolimited.slots.casino.free', ${anna}, 'gift', null,
    'Gift', 'Gift', 0, ${tokens}, '[]', 'unclaimed', ${nowMs}, null, null, 0)`

const BALANCES: readonly Planted[] = [
  i2(
    'a coin that no posting brought',
    ({ change, anna }) => change`update users set coins = coins + 1 where user_id = ${anna}`,
  ),
  i2(
    'a token that is gone without a posting',
    ({ change, ben }) => change`update users set tokens = tokens - 1 where user_id = ${ben}`,
  ),
  i2(
    'a balance of a player who has no posting at all',
    ({ change, dora }) => change`update users set coins = 7 where user_id = ${dora}`,
  ),
  i2(
    'an inbox account that no posting filled',
    ({ change, anna }) => change`update users set inbox_tokens = inbox_tokens + 1 where user_id = ${anna}`,
  ),
  i2(
    'coins in an inbox account that no posting brought',
    ({ change, anna }) => change`update users set inbox_coins = 1 where user_id = ${anna}`,
  ),
  i2('an unclaimed message that the inbox account does not hold', (books) => gift(books, 5)),
  i2('a message that nobody can open', async (books) => {
    await gift(books, 0)
    await books.change`update inbox_messages set user_id = 99999 where message_id = 'msg_gift'`
  }),
]

const DAILY_GIFTS: readonly Planted[] = [
  i6('a daily gift that names no date', ({ append, anna }) =>
    append(anna, {
      kind: 'daily_gift',
      sourceId: `${anna}:today`,
      postings: [coins(100, 'daily_gift', `player:${anna}`)],
    }),
  ),
  i6("a daily gift in another player's name: a second one of the day", async ({ append, anna, ben }) => {
    const postings = [coins(100, 'daily_gift', `player:${anna}`)]
    await append(anna, { kind: 'daily_gift', sourceId: `${anna}:2026-11-01`, postings })
    await append(anna, { kind: 'daily_gift', sourceId: `${ben}:2026-11-01`, postings })
  }),
  i6('a daily gift that goes by another name', (books) =>
    support(books, 'gift', coins(100, 'daily_gift', `player:${books.anna}`)),
  ),
]

/** Two well-chained transactions, the first of which a breach then touches. */
async function twoOfSupport(books: Planting): Promise<void> {
  await support(books, 'one', coins(5, 'support', `player:${books.anna}`))
  await support(books, 'two', coins(6, 'support', `player:${books.anna}`))
}

const remove = async ({ change, anna }: Planting, { amount }: { amount: number }): Promise<void> => {
  await change`delete from postings where user_id = ${anna} and from_account = 'support' and amount = ${amount}`
  await change`delete from ledger_transactions where user_id = ${anna} and kind = 'support'
    and source_id = ${amount === 5 ? 'one' : 'two'}`
  await change`update users set coins = coins - ${amount} where user_id = ${anna}`
}

const CHAINS: readonly Planted[] = [
  i10('an amount that was changed after it was written, its balance too', async (books) => {
    await twoOfSupport(books)
    await books.change`update postings set amount = 50 where user_id = ${books.anna} and from_account = 'support' and amount = 5`
    await books.change`update users set coins = coins + 45 where user_id = ${books.anna}`
  }),
  i10('a source that was changed after it was written', async (books) => {
    await twoOfSupport(books)
    await books.change`update ledger_transactions set source_id = 'another' where source_id = 'one'`
  }),
  i10(
    'a time that was changed after it was written',
    ({ change, ben }) =>
      change`update ledger_transactions set created_at_ms = created_at_ms - 1 where user_id = ${ben} and ledger_seq = 1`,
  ),
  i10(
    'a link with a hash of its own making',
    ({ change, ben }) =>
      change`update ledger_transactions set previous_hash = ${'a'.repeat(64)} where user_id = ${ben} and ledger_seq = 2`,
  ),
  i10('a ledger transaction taken out of the middle', async (books) => {
    await twoOfSupport(books)
    await remove(books, { amount: 5 })
  }),
  i10('the last ledger transaction taken away', async (books) => {
    await twoOfSupport(books)
    await remove(books, { amount: 6 })
  }),
  i10(
    "a head that is not the chain's",
    ({ change, ben }) => change`update users set chain_hash = ${'b'.repeat(64)} where user_id = ${ben}`,
  ),
  i10(
    'a head of a chain that has no link',
    ({ change, dora }) => change`update users set ledger_seq = 1 where user_id = ${dora}`,
  ),
  i10('a ledger transaction that went over to another app', async (books) => {
    await twoOfSupport(books)
    await books.change`update ledger_transactions set app_id = 'com.example.other' where source_id = 'two'`
  }),
  i10('a chain of nobody', async ({ change, nowMs }) => {
    const hash = 'c'.repeat(64)
    await change`insert into ledger_transactions values (424242, 1, 'com.example.other', 'support', 'lost', ${nowMs}, ${hash}, ${hash}, null)`
    await change`insert into postings values (424242, 1, 1, 'support', 'daily_gift', 'coins', 5)`
  }),
  i10('an event number that was skipped', async ({ change, nowMs, anna }) => {
    await change`insert into outbox_events select user_id, event_seq + 2, 'out_planted', app_id, 'player.noted', null, null,
      '{}', ${nowMs} from users where user_id = ${anna}`
    await change`update users set event_seq = event_seq + 2 where user_id = ${anna}`
  }),
  i10(
    'an event that never was',
    ({ change, anna }) => change`update users set event_seq = event_seq + 1 where user_id = ${anna}`,
  ),
  i10(
    'an event of nobody',
    ({ change, nowMs }) =>
      change`insert into outbox_events values (424242, 1, 'out_planted', 'com.example.other', 'player.noted', null, null, '{}', ${nowMs})`,
  ),
]

export const PLANTED_IN_THE_LEDGER: readonly Planted[] = [...POSTINGS, ...GAME, ...BALANCES, ...DAILY_GIFTS, ...CHAINS]

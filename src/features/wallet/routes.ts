import { type Static, Type } from 'typebox'
import {
  CursorField,
  IdempotencyKeyField,
  LIMIT_DEFAULT,
  LimitField,
  NextCursorField,
  UidField,
} from '../../http/fields.ts'
import { defineRoute } from '../../http/route.ts'
import { isoTime } from '../../kernel/clock.ts'
import type { Language } from '../../kernel/error-codes.ts'
import type { PlayerId } from '../../kernel/ids.ts'
import { GAME_CURRENCIES, type GameCurrency } from '../../kernel/money.ts'
import { accepted } from '../../kernel/outcome.ts'
import { type ChangedBalance, changeBalance, type WalletDeps } from './change-balance.ts'
import { type LedgerEntry, listLedger } from './list-ledger.ts'

const GameCurrencyField = Type.Unsafe<GameCurrency>({ type: 'string', enum: GAME_CURRENCIES })

const ChangeBody = Type.Object({
  currency: GameCurrencyField,
  amount: Type.Integer({
    minimum: Number.MIN_SAFE_INTEGER,
    maximum: Number.MAX_SAFE_INTEGER,
    description: 'Positive grants, negative spends; never 0',
  }),
  reason: Type.String({
    minLength: 1,
    maxLength: 200,
    // Whole characters that neither steer a terminal nor start another line.
    pattern: '^[^\\u0000-\\u001f\\u007f-\\u009f\\u2028\\u2029\\ud800-\\udfff]*$',
    description: 'Why, for people: one line, kept in the ledger',
  }),
  idempotency_key: IdempotencyKeyField,
})

const ChangeAnswer = Type.Object({
  uid: UidField,
  currency: GameCurrencyField,
  amount: Type.Integer(),
  balance: Type.Object({ coins: Type.Integer(), tokens: Type.Integer() }),
  ledger_seq: Type.Integer({ description: "The entry's number in the player's ledger" }),
  msg: Type.String(),
})

const CHANGE_EXAMPLE = {
  uid: '10001',
  currency: 'coins' as const,
  amount: -250,
  balance: { coins: 750, tokens: 22 },
  ledger_seq: 3,
  msg: 'Spent: 250 coins.',
}

const CURRENCY_WORDS = {
  coins: { en: 'coins', zh: '金币' },
  tokens: { en: 'tokens', zh: '第三货币' },
} as const satisfies Record<GameCurrency, Record<Language, string>>

function changeAnswer(changed: ChangedBalance, language: Language): Static<typeof ChangeAnswer> {
  const { playerId, currency, amount, balance, ledgerSeq } = changed
  const what = `${Math.abs(amount)} ${CURRENCY_WORDS[currency][language]}`
  const done =
    amount > 0
      ? { en: `Granted: ${what}.`, zh: `已发放：${what}。` }
      : { en: `Spent: ${what}.`, zh: `已扣除：${what}。` }
  return {
    uid: String(playerId),
    currency,
    amount,
    balance: { ...balance },
    ledger_seq: ledgerSeq,
    msg: done[language],
  }
}

const Entry = Type.Object({
  ledger_seq: Type.Integer(),
  kind: Type.String({
    description:
      '`order_grant`: a purchase; `inbox_claim`: a claim; `daily_gift`; `game`: a game server; `invite_reward`: an invitation. More kinds may come',
  }),
  source_id: Type.String({ description: "What caused it: an order, a message, a game server's key" }),
  reason: Type.Union([Type.String(), Type.Null()], { description: "A game server's words; null where there are none" }),
  created_at: Type.String({ description: 'ISO 8601, UTC' }),
  hash: Type.String({ description: 'Link of the chain: SHA-256, hexadecimal' }),
  postings: Type.Array(
    Type.Object({
      from: Type.String(),
      to: Type.String({ description: '`player:<uid>` the wallet, `inbox:<uid>` what waits; others are the system' }),
      currency: GameCurrencyField,
      amount: Type.Integer({ minimum: 1 }),
    }),
  ),
})

const ENTRY_EXAMPLE = {
  ledger_seq: 3,
  kind: 'game',
  source_id: 'spin-20261101-77',
  reason: 'Slot machine, 5 spins',
  created_at: '2026-11-01T09:30:00.000Z',
  hash: '9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08',
  postings: [{ from: 'player:10001', to: 'game', currency: 'coins' as const, amount: 250 }],
}

function entryRow({ transaction, postings }: LedgerEntry): Static<typeof Entry> {
  return {
    ledger_seq: transaction.ledger_seq,
    kind: transaction.kind,
    source_id: transaction.source_id,
    reason: transaction.reason,
    created_at: isoTime(transaction.created_at_ms),
    hash: transaction.hash,
    postings: postings.map(({ from_account: from, to_account: to, currency, amount }) => ({
      from,
      to,
      currency,
      amount,
    })),
  }
}

/** The game server's calls about a player's money. */
export function walletRoutes(deps: WalletDeps) {
  return {
    changeBalance: defineRoute({
      summary: "Spend from a player's wallet, or grant to it",
      description:
        'Once for each `idempotency_key` of the app, for ever: send it again with the same key until there is an ' +
        'answer. A player in debt can spend nothing; a grant pays the debt off first.',
      tag: 'Game server',
      access: 'server',
      params: Type.Object({ uid: UidField }),
      body: ChangeBody,
      answer: ChangeAnswer,
      errors: ['player_not_found', 'insufficient_balance', 'balance_overflow'],
      examples: {
        body: {
          currency: 'coins',
          amount: -250,
          reason: 'Slot machine, 5 spins',
          idempotency_key: 'spin-20261101-77',
        },
        answer: CHANGE_EXAMPLE,
      },
      idempotencyKey: 'header_or_body',
      handle: ({ caller, params, body, language, idempotencyKey }) =>
        changeBalance(deps, {
          appId: caller.appId,
          playerId: Number(params.uid) as PlayerId,
          currency: body.currency,
          amount: body.amount,
          reason: body.reason,
          reply: { key: idempotencyKey, tell: (changed) => changeAnswer(changed, language) },
        }),
    }),

    listLedger: defineRoute({
      summary: "A player's ledger, newest first",
      description: 'Every movement of coins and tokens, numbered from 1 without a gap and chained by hashes.',
      tag: 'Game server',
      access: 'server',
      params: Type.Object({ uid: UidField }),
      query: Type.Object({ limit: Type.Optional(LimitField), cursor: Type.Optional(CursorField) }),
      answer: Type.Object({ data: Type.Array(Entry), next_cursor: NextCursorField }),
      errors: ['player_not_found'],
      examples: { answer: { data: [ENTRY_EXAMPLE], next_cursor: null } },
      handle: async ({ caller, params, query }) => {
        const page = { limit: query.limit ?? LIMIT_DEFAULT, cursor: query.cursor ?? null }
        const playerId = Number(params.uid) as PlayerId
        const found = await listLedger(deps, { appId: caller.appId, playerId, ...page })
        if (!found.ok) return found
        return accepted({ data: found.value.rows.map(entryRow), next_cursor: found.value.nextCursor })
      },
    }),
  }
}

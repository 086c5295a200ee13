export {
  type LedgerDraft,
  type LedgerKind,
  type LedgerTransaction,
  postLedgerTransaction,
} from './post-ledger-transaction.ts'
export { coinsSpentSinceGrant, insertLedgerTransactions } from './queries.ts'
export { inboxAccount, linkHash, type Posting, playerAccount, SYSTEM_ACCOUNTS, wouldOverflow } from './rules.ts'

import { createHash } from 'node:crypto'

/** Where a player's chain ends, as it stands in the player's row. */
export interface ChainHead {
  readonly user_id: number | string
  readonly ledger_seq: number | string
  readonly chain_hash: string
}

/**
 * One hash over the heads of all chains: SHA-256 over a line `<player> <ledger_seq> <chain hash>` for each player, in
 * the order of their numbers, in which they must be added.
 */
export interface ChainRoot {
  add(head: ChainHead): void
  /** 64 hexadecimal digits. Ends the counting. */
  digest(): string
}

export function openChainRoot(): ChainRoot {
  const hash = createHash('sha256')
  return {
    add: ({ user_id, ledger_seq, chain_hash }) => {
      hash.update(`${user_id} ${ledger_seq} ${chain_hash}\n`)
    },
    digest: () => hash.digest('hex'),
  }
}

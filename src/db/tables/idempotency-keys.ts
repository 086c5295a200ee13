/** The answer of a changing call under the key that its caller gave it. */
export interface IdempotencyKeysTable {
  /** Whose key it is: an app's server's or a player's. */
  scope: string
  idempotency_key: string
  /** SHA-256 of method, path and body: the key answers this request and no other. */
  request_hash: string
  /** JSON of the answer; null only inside the transaction that makes it. */
  answer: string | null
  created_at_ms: number
  /** Null: kept for ever, as it moved money. */
  expires_at_ms: number | null
}

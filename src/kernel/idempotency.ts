/** The name that a caller gives one change, so that a retry of it is answered and not carried out again. */
export interface IdempotencyKey {
  /** Whose key it is: `app:<id>` for an app's server, `player:<id>` for a player. */
  readonly scope: string
  readonly key: string
  /** SHA-256 of method, path and body: under one key another request is a mistake. */
  readonly requestHash: string
}

/** How a changing call is answered: `tell` makes the answer, which is kept under the key where there is one. */
export interface Reply<T, A extends object> {
  readonly key: IdempotencyKey | null
  readonly tell: (value: T) => A
}

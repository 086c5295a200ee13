/** The database is gone, full, read-only or too slow: nothing of ours was wrong. Callers answer 503 and retry later. */
export class StorageUnavailable extends Error {
  override readonly name = 'StorageUnavailable'
}

/** A unique key refused a row: somebody else was first. The whole transaction is run again and then sees their row. */
export class UniqueViolation extends Error {
  override readonly name = 'UniqueViolation'
}

/** A deadlock, a lock wait that took too long, or a failed certification: the whole transaction is run again. */
export class TransactionConflict extends Error {
  override readonly name = 'TransactionConflict'
}

/** A backup cannot be made or restored as things stand; the message tells the operator why, and what to do. */
export class BackupRefused extends Error {
  override readonly name = 'BackupRefused'
}

/** The schema is not the one that this release knows; the message says which command mends it. */
export class SchemaMismatch extends Error {
  override readonly name = 'SchemaMismatch'
}

/**
 * Why a lost answer to COMMIT is never guessed. Each place of a process's pool owns one row; a transaction that wrote
 * anything puts its number there as its last statement. When COMMIT's answer is lost, the same place asks on a new
 * session: the fence changes that row, so it waits for the lost transaction's lock and returns only when that one is
 * over, for good or ill (on a Galera cluster the same change makes a commit that is still on its way fail). Its own
 * commit also makes the other's durable, which InnoDB shows to others a moment before it is on disk. Then the number
 * says it. Running the work again instead would answer "claimed already" to a player whose claim went through.
 *
 * It costs one update by primary key for each transaction, of which a batch of payments is one. A row is written by
 * nobody else, so nothing ever waits here. Rows of processes that are gone are swept at the next migration.
 */
export const COMMIT_MARKS = {
  create: `create table if not exists commit_marks (
    slot char(22) character set ascii collate ascii_bin not null primary key,
    mark bigint not null,
    fences bigint not null,
    marked_at_ms bigint not null
  ) engine=InnoDB default charset=utf8mb4`,
  write: `insert into commit_marks (slot, mark, fences, marked_at_ms) values (?, ?, 0, ?)
    on duplicate key update mark = ?, marked_at_ms = ?`,
  fence: `insert into commit_marks (slot, mark, fences, marked_at_ms) values (?, 0, 1, ?)
    on duplicate key update fences = fences + 1`,
  read: 'select mark from commit_marks where slot = ?',
  sweep: 'delete from commit_marks where marked_at_ms < ?',
} as const

/** A row of a living process may be swept too: its next transaction writes it anew. Only a doubt needs it, for seconds. */
export const MARKS_KEPT_MS = 7 * 24 * 60 * 60 * 1000

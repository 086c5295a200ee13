import { randomBytes } from 'node:crypto'
import { setTimeout as delay } from 'node:timers/promises'
import type { CompiledQuery, DatabaseConnection, QueryResult, RootOperationNode } from 'kysely'
import type { Connection, ConnectionOptions, FieldPacket, QueryError, ResultSetHeader } from 'mysql2'
import { systemClock } from '../../kernel/clock.ts'
import { invariant } from '../../kernel/invariant.ts'
import { StorageUnavailable } from '../errors.ts'
import { COMMIT_MARKS } from './mysql-commit-marks.ts'
import { ConnectionLost, endsConnection, type MysqlError, translateMysqlError } from './mysql-errors.ts'
import { type MysqlPatience, openSession } from './mysql-session.ts'

// How often the fate of a transaction is asked for while the server restarts.
const DOUBT_RETRY_MS = 100

interface Answer {
  readonly result: unknown
  readonly fields: readonly FieldPacket[] | undefined
}

/**
 * A place in the pool with a session on the server in it, or with none yet, or none any more. A session that breaks
 * is never replaced behind the back of a transaction: only `open` makes one.
 */
export class MysqlConnection implements DatabaseConnection {
  readonly #options: ConnectionOptions
  readonly #patience: MysqlPatience
  #session: Connection | null = null
  #slot = newSlot()
  #marksMade = 0
  #hasWritten = false

  constructor(options: ConnectionOptions, patience: MysqlPatience) {
    this.#options = options
    this.#patience = patience
  }

  get isOpen(): boolean {
    return this.#session !== null
  }

  /** Makes the session if there is none. Throws what mysql2 throws. */
  async open(): Promise<void> {
    if (this.#session) return
    const session = await openSession(this.#options, this.#patience)
    this.#session = session
    const forget = (): void => {
      if (this.#session === session) this.#session = null
    }
    session.on('error', forget)
    session.on('end', forget)
  }

  /** Ends the session at once; the server rolls back what it had not committed. */
  drop(): void {
    this.#session?.destroy()
    this.#session = null
  }

  /** Takes leave of the server; nothing may be under way. */
  quit(): void {
    this.#session?.end()
    this.#session = null
  }

  async executeQuery<R>(query: CompiledQuery): Promise<QueryResult<R>> {
    if (query.query.kind !== 'SelectQueryNode') this.#hasWritten = true
    try {
      const { result, fields } = await this.#ask(query.sql, query.parameters)
      if (Array.isArray(result)) return { rows: exactRows(result, fields ?? []) as R[] }
      const { insertId, affectedRows, changedRows } = result as ResultSetHeader
      return {
        rows: [],
        ...(insertId === 0 ? {} : { insertId: BigInt(insertId) }),
        numAffectedRows: BigInt(affectedRows),
        numChangedRows: BigInt(changedRows),
      }
    } catch (error) {
      if (isStepDoneBefore(query.query, error)) return { rows: [] }
      throw translateMysqlError(error)
    }
  }

  // biome-ignore lint/correctness/useYield: Kysely's interface asks for a generator; nothing of ours streams.
  async *streamQuery<R>(): AsyncIterableIterator<QueryResult<R>> {
    throw new Error('streaming is not supported: read by key, page by page')
  }

  async begin(): Promise<void> {
    this.#hasWritten = false
    await this.#command('begin')
  }

  /** Never throws: a session that cannot roll back is dropped, and the server then does it. */
  async rollback(): Promise<void> {
    try {
      if (this.#session) await this.#command('rollback')
    } catch {
      this.drop()
    }
  }

  /**
   * Commits. When the answer is lost, nobody may guess: the transaction has left a mark in a row of this place's own,
   * which says afterwards whether it was committed.
   * @throws ConnectionLost or TransactionConflict when it was not; StorageUnavailable when nobody can be asked.
   */
  async commit(): Promise<void> {
    if (!this.#hasWritten) {
      // Nothing is at stake: what was read was read.
      await this.#command('commit').catch(() => this.drop())
      return
    }
    const mark = ++this.#marksMade
    const nowMs = systemClock.nowMs()
    await this.#command(COMMIT_MARKS.write, [this.#slot, mark, nowMs, mark, nowMs])
    try {
      await this.#ask('commit')
    } catch (error) {
      this.drop()
      if (!(await this.#wasCommitted(mark, error))) throw translateMysqlError(error)
    }
  }

  async #wasCommitted(mark: number, cause: unknown): Promise<boolean> {
    const slot = this.#slot
    const enough = AbortSignal.timeout(this.#patience.doubtTimeoutMs)
    while (!enough.aborted) {
      try {
        await this.open()
        await this.#ask(COMMIT_MARKS.fence, [slot, systemClock.nowMs()])
        const { result } = await this.#ask(COMMIT_MARKS.read, [slot])
        const [row] = result as { mark: number }[]
        return row?.mark === mark
      } catch {
        await delay(DOUBT_RETRY_MS)
      }
    }
    // Nobody overwrites what may still be true: this place goes on with another row.
    this.#slot = newSlot()
    throw new StorageUnavailable(
      'the connection broke during a commit and the database cannot be asked what became of it',
      {
        cause,
      },
    )
  }

  async #command(sql: string, parameters: readonly unknown[] = []): Promise<void> {
    try {
      await this.#ask(sql, parameters)
    } catch (error) {
      throw translateMysqlError(error)
    }
  }

  #ask(sql: string, parameters: readonly unknown[] = []): Promise<Answer> {
    const session = this.#session
    if (!session) return Promise.reject(new ConnectionLost('the connection to the database was lost'))
    return new Promise((resolve, reject) => {
      const timer = this.#timeLimit(reject)
      const values = [...parameters]
      session.query({ sql, values }, (error: QueryError | null, result: unknown, fields?: FieldPacket[]) => {
        clearTimeout(timer)
        if (!error) return resolve({ result, fields })
        // mysql2 puts the statement with all its values on the error, and errors are logged.
        Object.assign(error, { sql })
        if (endsConnection(error)) this.drop()
        return reject(error)
      })
    })
  }

  // Not mysql2's own limit: that one leaves the session in use, and its timer running when a connection breaks.
  #timeLimit(reject: (error: Error) => void): NodeJS.Timeout | undefined {
    const { statementTimeoutMs } = this.#patience
    if (statementTimeoutMs === null) return undefined
    return setTimeout(() => {
      this.drop()
      reject(new StorageUnavailable('the database did not answer a statement in time'))
    }, statementTimeoutMs)
  }
}

function newSlot(): string {
  return randomBytes(16).toString('base64url')
}

// Column types of the protocol: what sums and counts come as, and every whole number of ours.
const LONGLONG = 8
const NEWDECIMAL = 246

/** Sums come as text, and so does what is too large for a number: the first becomes one, the second is refused. */
function exactRows(rows: Record<string, unknown>[], fields: readonly FieldPacket[]): Record<string, unknown>[] {
  for (const { name, columnType } of fields) {
    if (columnType !== LONGLONG && columnType !== NEWDECIMAL) continue
    for (const row of rows) {
      const value = row[name]
      if (typeof value !== 'string') continue
      const number = Number(value)
      invariant(value.includes('.') || Number.isSafeInteger(number), `column ${name} holds a whole number past 2^53-1`)
      row[name] = number
    }
  }
  return rows
}

// Every step of a migration is one statement that happens whole, so what "is there already" is that very step's work.
const DONE_BEFORE: Partial<Record<RootOperationNode['kind'], readonly number[]>> = {
  CreateIndexNode: [1061], // ER_DUP_KEYNAME
  AlterTableNode: [1060, 1061, 1091], // ER_DUP_FIELDNAME, ER_DUP_KEYNAME, ER_CANT_DROP_FIELD_OR_KEY
  DropIndexNode: [1091],
}

/** True when a process died between a schema change, which commits by itself, and the log's line about it. */
function isStepDoneBefore(node: RootOperationNode, error: unknown): boolean {
  return DONE_BEFORE[node.kind]?.includes((error as MysqlError).errno ?? 0) ?? false
}

import type { ConnectionOptions } from 'mysql2'
import { StorageUnavailable } from '../errors.ts'
import { MysqlConnection } from './mysql-connection.ts'
import type { MysqlPatience } from './mysql-session.ts'

export interface MysqlPoolLimits {
  readonly connectionsMax: number
  readonly acquireTimeoutMs: number
}

interface Waiting {
  readonly take: (connection: MysqlConnection) => void
  readonly giveUp: (error: Error) => void
}

// Far more than a loaded process has under way; beyond it memory would go before the database does.
const WAITING_MAX = 2_000
// An idle session is closed after one to two of these, well before the server would close it.
const SWEEP_EVERY_MS = 15_000

/**
 * Lends connections in the order of asking, each to one borrower. The last one that came back goes out first, so that
 * the others may go idle and be closed. Written here because mysql2's own pool waits for ever, and because a place
 * must stay with its borrower until a commit in doubt is resolved.
 */
export class MysqlPool {
  readonly #newConnection: () => MysqlConnection
  readonly #limits: MysqlPoolLimits
  readonly #sweeper: NodeJS.Timeout
  readonly #waiting: Waiting[] = []
  #idle: MysqlConnection[] = []
  #restedSinceSweep = new Set<MysqlConnection>()
  #made = 0
  #isClosed = false

  constructor(options: ConnectionOptions, patience: MysqlPatience, limits: MysqlPoolLimits) {
    this.#newConnection = () => new MysqlConnection(options, patience)
    this.#limits = limits
    this.#sweeper = setInterval(() => this.#sweep(), SWEEP_EVERY_MS).unref()
  }

  /** @throws StorageUnavailable when none comes free in time, or the server cannot be reached. */
  async acquire(): Promise<MysqlConnection> {
    if (this.#isClosed) throw new StorageUnavailable('the database is closed')
    const connection = this.#idle.pop() ?? this.#makeOne() ?? (await this.#waitForOne())
    try {
      await connection.open()
      return connection
    } catch (error) {
      this.release(connection)
      const { message } = error as Error
      throw new StorageUnavailable(`cannot connect to the database: ${message}`, { cause: error })
    }
  }

  release(connection: MysqlConnection): void {
    // What broke one session has mostly broken all; whoever comes next should not have to find out.
    if (!connection.isOpen) for (const idle of this.#idle) idle.drop()
    const next = this.#waiting.shift()
    if (this.#isClosed) connection.quit()
    else if (next) next.take(connection)
    else {
      this.#idle.push(connection)
      this.#restedSinceSweep.add(connection)
    }
  }

  close(): void {
    this.#isClosed = true
    clearInterval(this.#sweeper)
    for (const waiting of this.#waiting.splice(0)) waiting.giveUp(new StorageUnavailable('the database is closed'))
    for (const idle of this.#idle.splice(0)) idle.quit()
  }

  #makeOne(): MysqlConnection | undefined {
    if (this.#made === this.#limits.connectionsMax) return undefined
    this.#made += 1
    return this.#newConnection()
  }

  #waitForOne(): Promise<MysqlConnection> {
    if (this.#waiting.length >= WAITING_MAX) throw new StorageUnavailable('too many wait for a database connection')
    return new Promise((resolve, reject) => {
      const tooLate = setTimeout(() => {
        this.#waiting.splice(this.#waiting.indexOf(waiting), 1)
        reject(new StorageUnavailable('every database connection is busy'))
      }, this.#limits.acquireTimeoutMs)
      const waiting: Waiting = {
        take: (connection) => {
          clearTimeout(tooLate)
          resolve(connection)
        },
        giveUp: (error) => {
          clearTimeout(tooLate)
          reject(error)
        },
      }
      this.#waiting.push(waiting)
    })
  }

  #sweep(): void {
    const rested = this.#restedSinceSweep
    this.#restedSinceSweep = new Set()
    for (const idle of this.#idle) if (!rested.has(idle)) idle.quit()
  }
}

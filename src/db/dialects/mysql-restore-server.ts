import type { Connection, RowDataPacket } from 'mysql2'
import { BackupRefused } from '../errors.ts'
import type { MysqlSettings } from './mysql-session.ts'

/** One session of a server, and the schema that is restored into. */
export class Server {
  readonly schema: string
  readonly #connection: Connection

  constructor(connection: Connection, { database }: MysqlSettings) {
    this.schema = database
    this.#connection = connection
  }

  /** @throws BackupRefused with what the server says against it. */
  async ask(sql: string, values: readonly string[] = []): Promise<RowDataPacket[]> {
    return await new Promise((resolve, reject) => {
      this.#connection.query(sql, [...values], (error, rows) =>
        error ? reject(refusedBy(error)) : resolve(rows as RowDataPacket[]),
      )
    })
  }

  /** As it stands in a dump, without a second look for question marks. */
  async run(sql: string): Promise<void> {
    await new Promise<void>((resolve, reject) => {
      this.#connection.query(sql, (error) => (error ? reject(refusedBy(error)) : resolve()))
    })
  }

  async tables(): Promise<string[]> {
    const rows = await this.ask('select table_name as name from information_schema.tables where table_schema = ?', [
      this.schema,
    ])
    return rows.map((row) => String(row['name']))
  }

  /** The highest player number that the schema has given; 0 where it has no players. */
  async lastPlayerNumber(): Promise<number> {
    if (!(await this.tables()).includes('users')) return 0
    const users = `${named(this.schema)}.users`
    const [made] = await this.ask(`show create table ${users}`)
    const next = Number(/ AUTO_INCREMENT=(\d+)/.exec(String(made?.['Create Table']))?.[1] ?? 1)
    const [row] = await this.ask(`select max(user_id) as highest from ${users}`)
    return Math.max(next - 1, Number(row?.['highest'] ?? 0))
  }

  async drop(tables: readonly string[]): Promise<void> {
    if (tables.length > 0) await this.run(`drop table if exists ${tables.map(named).join(', ')}`)
  }

  async close(): Promise<void> {
    await new Promise<void>((resolve) => this.#connection.end(() => resolve()))
  }
}

function refusedBy(error: Error): BackupRefused {
  return new BackupRefused(`the database server says: ${error.message}`, { cause: error })
}

export function named(name: string): string {
  return `\`${name.replaceAll('`', '``')}\``
}

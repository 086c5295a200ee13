import { type CreateTableNode, type DataTypeNode, MysqlQueryCompiler } from 'kysely'

/**
 * What a table needs on MySQL and MariaDB, so that both engines keep the same bytes: InnoDB, four-byte characters, a
 * binary collation that does not pad (`a` and `a ` are two order ids), and columns without a limit of 64 KiB.
 */
export class PortableMysqlCompiler extends MysqlQueryCompiler {
  readonly #collation: string

  constructor({ collation }: { collation: string }) {
    super()
    this.#collation = collation
  }

  protected override visitCreateTable(node: CreateTableNode): void {
    super.visitCreateTable(node)
    this.append(` engine=InnoDB default charset=utf8mb4 collate=${this.#collation}`)
  }

  protected override visitDataType(node: DataTypeNode): void {
    if (node.dataType === 'blob') this.append('mediumblob')
    else if (node.dataType === 'text') this.append('mediumtext')
    else super.visitDataType(node)
  }
}

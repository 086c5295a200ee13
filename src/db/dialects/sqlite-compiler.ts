import {
  type CreateTableNode,
  type DataTypeNode,
  type OnDuplicateKeyNode,
  type SelectModifierNode,
  SqliteQueryCompiler,
} from 'kysely'

/**
 * Lets the features write one query for both engines. What MySQL needs and SQLite does not know is translated here:
 * row locks (SQLite has one writer, which holds the whole file), `on duplicate key update` as we use it (insert if
 * absent), and column types (our tables are STRICT, so the file itself refuses a float or a text in a money column).
 */
export class PortableSqliteCompiler extends SqliteQueryCompiler {
  protected override visitSelectModifier(node: SelectModifierNode): void {
    const lock = node.modifier === 'ForUpdate' || node.modifier === 'ForShare' || node.modifier === 'SkipLocked'
    if (!lock) super.visitSelectModifier(node)
  }

  protected override visitOnDuplicateKey(_: OnDuplicateKeyNode): void {
    this.append('on conflict do nothing')
  }

  protected override visitCreateTable(node: CreateTableNode): void {
    super.visitCreateTable(node)
    this.append(' strict')
  }

  protected override visitDataType(node: DataTypeNode): void {
    const type = node.dataType
    if (type === 'integer' || type === 'bigint') this.append('integer')
    else if (type === 'text' || type.startsWith('varchar') || type.startsWith('char')) this.append('text')
    else if (type === 'blob') this.append('blob')
    else super.visitDataType(node)
  }
}

import type { Db, Tx } from '../../db/database.ts'
import type { NewRow, Row } from '../../db/schema.ts'

/** The youngest keys, the revoked ones too: when a key has signed for the last time follows from all of them. */
export async function selectSigningKeys(db: Db, { limit }: { limit: number }): Promise<Row<'signing_keys'>[]> {
  return await db.selectFrom('signing_keys').selectAll().orderBy('created_at_ms', 'desc').limit(limit).execute()
}

export async function insertSigningKey(tx: Tx, key: NewRow<'signing_keys'>): Promise<void> {
  await tx.insertInto('signing_keys').values(key).execute()
}

export async function lockSigningKey(tx: Tx, kid: string): Promise<Row<'signing_keys'> | null> {
  const found = await tx.selectFrom('signing_keys').selectAll().where('kid', '=', kid).forUpdate().executeTakeFirst()
  return found ?? null
}

export async function setKeyRevoked(tx: Tx, { kid, atMs }: { kid: string; atMs: number }): Promise<void> {
  await tx.updateTable('signing_keys').set({ revoked_at_ms: atMs }).where('kid', '=', kid).execute()
}

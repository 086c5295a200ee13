import { accepted, type Outcome, refused, refusedField } from '../../kernel/outcome.ts'
import type { Evidence, PaymentClaim, Question } from '../channel.ts'
import type { AppleApp } from './receive.ts'
import { claimOf, isConsumable, isShared } from './translate.ts'
import type { NotProven } from './verify.ts'
import { faultsOf, JWS_LENGTH_MAX, type Transaction, TransactionSchema } from './wire.ts'

const FIELD = 'signed_transaction'

/** A purchase that a device shows: the text that StoreKit 2 calls its JWS representation. Nothing else of it is read. */
export async function verifyApplePurchase(
  { apple, verifier }: AppleApp,
  { told, question }: { told: Readonly<Record<string, unknown>>; question: Question },
): Promise<Outcome<PaymentClaim>> {
  const { [FIELD]: jws } = told
  if (typeof jws !== 'string' || jws === '' || jws.length > JWS_LENGTH_MAX) {
    return refusedField(FIELD, 'is not the signed text of a transaction')
  }
  const proof = await verifier.transaction(jws)
  if (!proof.ok) return refuseUnproven(proof.why)
  const [fault] = faultsOf(TransactionSchema, proof.payload)
  if (fault) return refusedField(FIELD, `${fault.path} ${fault.message}`)
  const transaction = proof.payload as Transaction
  if (!isConsumable(transaction)) return refusedField(FIELD, 'is not of a consumable')
  if (isShared(transaction)) return refused('purchase_shared')
  // What was granted of it is taken back by Apple's notice; what was not, never will be.
  if (transaction.revocationDate !== undefined) return refused('purchase_revoked')
  const evidence = evidenceOf(question, { [FIELD]: jws })
  const claim = claimOf(apple, { transaction, environment: proof.environment, evidence })
  if (claim.ok) return accepted(claim.value)
  const [unpriced] = claim.refusal.details ?? []
  return refusedField(FIELD, `${unpriced?.path} ${unpriced?.message}`)
}

function refuseUnproven(why: NotProven): ReturnType<typeof refused> {
  switch (why) {
    case 'forged':
      return refused('invalid_signature')
    case 'other_app':
      return refused('purchase_not_found')
    // Genuine, and of the one kind that is not taken here: play money where real money is, or the other way round.
    case 'other_environment':
      return refused('test_mode')
    case 'unavailable':
      return refused('channel_unavailable')
  }
}

function evidenceOf({ nowMs: receivedAtMs, requestId }: Question, told: object): Evidence {
  const rawBody = Buffer.from(JSON.stringify(told))
  return { kind: 'device_purchase', headers: {}, rawBody, receivedAtMs, requestId }
}

export { signBody } from './sign.ts'
export { failureFrom, paymentFrom } from './translate.ts'
export { SERVER_INSTANCE, type SignedInstance, type TrustedSource, trustSignature, trustToken } from './trust.ts'

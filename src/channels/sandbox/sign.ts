import { signBody } from '../timestamped-signature.ts'

/** The header in which the sandbox platform proves a callback. */
export const SANDBOX_SIGNATURE_HEADER = 'x-sandbox-signature'

/** Signs a callback as the sandbox platform does. */
export const signSandboxMessage = signBody

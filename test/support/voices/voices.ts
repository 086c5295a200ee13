import { appchargeVoice } from './appcharge.ts'
import { sandboxVoice } from './sandbox.ts'
import { signedVoice } from './signed.ts'
import { stripeVoice } from './stripe.ts'
import type { Voice } from './voice.ts'
import { xsollaVoice } from './xsolla.ts'

/** Every platform that can tell everything in any order; a new one is a file and a line here. */
export const VOICES = {
  sandbox: sandboxVoice,
  signed: signedVoice,
  appcharge: appchargeVoice,
  xsolla: xsollaVoice,
  stripe: stripeVoice,
} as const satisfies Readonly<Record<string, Voice>>

export type VoiceType = keyof typeof VOICES

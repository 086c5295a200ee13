import type { AppId } from '../kernel/ids.ts'
import type { Outcome } from '../kernel/outcome.ts'

/** The platforms that vouch for a player. */
export const IDENTITY_PROVIDER_NAMES = ['facebook', 'google', 'apple'] as const
export type IdentityProviderName = (typeof IDENTITY_PROVIDER_NAMES)[number]

/** What a client shows to prove who its player is. */
export interface Proof {
  /** A token of the platform's, as its client library gave it. */
  readonly credential: string
  /** What the client had put into the token when it asked for it; null when it had nothing put in. */
  readonly nonce: string | null
}

/**
 * What a page that somebody else runs has got of the platform. No nonce of ours can be in it: whoever runs the page has made
 * the login there, and says so in a call that is proven to be theirs.
 */
export interface PageProof {
  /** A token, or an authorization code. */
  readonly credential: string
  /** The client of ours for which it must have been made; null where the page does not say. */
  readonly clientId: string | null
}

/** Whom a proof is of, in the platform's own words. */
export interface ProvenSubject {
  /** The platform's id of the user, for ever the same for this app. Never a mail address. */
  readonly subject: string
  /** As the platform shows the user; null where the token does not say. */
  readonly name: string | null
  readonly avatarUrl: string | null
}

/** What a platform tells us of one of its users, once it is proven to be the platform that speaks. */
export interface IdentityNotice {
  /** Of the same notice always the same text, of another always another. */
  readonly key: string
  /**
   * `sign_out`: the user has withdrawn their consent: sessions end, the identity stays. `forget`: the user's account there is gone, or
   * they ask for their data to be deleted. `none`: nothing that concerns us. Facebook sends the same when a user takes the app
   * away: there the address to which it came tells which of the two it is.
   */
  readonly kind: 'sign_out' | 'forget' | 'none'
  /** Empty where it does not concern us and names nobody. */
  readonly subject: string
  /** The platform's own name for it. */
  readonly named: string
}

/** A platform's message as it came, before anything of it is believed. */
export interface RawNotice {
  readonly rawBody: Uint8Array
  readonly nowMs: number
}

/**
 * One platform for one app: a translator with a check and nothing else. Every refusal has its own code (`proof_expired`,
 * `proof_wrong_audience`, ...); a platform out of reach is `provider_unavailable`, and nobody is let in then.
 */
export interface IdentityProvider {
  /** Whether every login must carry a nonce that we gave out. */
  readonly nonceRequired: boolean
  prove(proof: Proof): Promise<Outcome<ProvenSubject>>
  proveFromPage(proof: PageProof): Promise<Outcome<ProvenSubject>>
  /** Null where the platform sends none. Of what is not its own, or too old, it says why as of any proof. */
  readonly readNotice: ((notice: RawNotice) => Promise<Outcome<IdentityNotice>>) | null
}

/** The platforms that are set up, by app. */
export interface IdentityProviders {
  find(appId: AppId, name: IdentityProviderName): IdentityProvider | null
}

/** How tokens of one platform are checked for one app. */
export interface OidcSettings {
  /** Whose tokens are ours: the ids under which the game's clients are known there. */
  readonly clientIds: readonly string[]
  readonly issuers: readonly string[]
  /** Where the platform's keys are; the first that knows a token's key decides. */
  readonly keysUrls: readonly string[]
  /** Whether every login must carry a nonce that we gave out. */
  readonly nonceRequired: boolean
}

export interface FacebookSettings {
  readonly appId: string
  readonly appSecret: string
  /** The origin of the Graph API. */
  readonly graphUrl: string
  /** Like `v23.0`. */
  readonly graphVersion: string
  /** For the tokens of Limited Login; their audience is `appId`. */
  readonly limited: Omit<OidcSettings, 'clientIds'>
}

/** The ways to log in that one app offers beside codes; null: not set up. */
export interface LoginSettings {
  /** Whether a first login without any identity makes a guest. */
  readonly guest: boolean
  readonly facebook: FacebookSettings | null
  readonly google: OidcSettings | null
  readonly apple: OidcSettings | null
}

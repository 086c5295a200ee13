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

/** One of our clients at a platform, with which a page that somebody else runs logs players in. */
export interface PageClient<Exchange> {
  readonly clientId: string
  /** By what an authorization code is exchanged for a token; null: its pages bring tokens. */
  readonly exchange: Exchange | null
}

/** Whose proofs are believed that come from such a page. */
export interface PageSettings<Exchange> {
  /** Where authorization codes are exchanged. */
  readonly tokenUrl: string
  readonly clients: readonly PageClient<Exchange>[]
}

export interface GoogleExchange {
  readonly clientSecret: string
  /** As the page named it when it asked for the code. */
  readonly redirectUri: string
}

export interface AppleExchange {
  readonly teamId: string
  readonly keyId: string
  /** PEM in PKCS #8, of P-256: Apple's .p8 file. */
  readonly privateKey: string
  readonly redirectUri: string
}

export interface GoogleSettings extends OidcSettings {
  readonly pages: PageSettings<GoogleExchange>
}

export interface AppleSettings extends OidcSettings {
  readonly pages: PageSettings<AppleExchange>
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
  /** Where pages bring authorization codes: what they name as the address to come back to. Null: they bring tokens. */
  readonly pageRedirectUri: string | null
}

/** The ways to log in that one app offers beside codes; null: not set up. */
export interface LoginSettings {
  /** Whether a first login without any identity makes a guest. */
  readonly guest: boolean
  readonly facebook: FacebookSettings | null
  readonly google: GoogleSettings | null
  readonly apple: AppleSettings | null
}

/** A name longer than this fits no screen of a game. */
const NAME_CHARACTERS_MAX = 64
/** What the column holds. */
const AVATAR_URL_LENGTH_MAX = 1024

// Control characters, halves of characters, and what turns the direction of the text around it.
const UNSHOWABLE = /[\p{Cc}\p{Cs}\u061c\u200e\u200f\u202a-\u202e\u2028\u2029\u2066-\u2069\ufeff]/gu
/** Joiners and such like show nothing by themselves; nor do some letters: the fillers of Hangul, and blank Braille. */
const INVISIBLE = /^[\p{Cf}\p{Z}\p{Mn}\p{Default_Ignorable_Code_Point}\u2800]*$/u

/** How a new player of a platform is first shown. */
export interface FirstProfile {
  readonly userName: string
  readonly avatarUrl: string
}

/** What a platform says of its user, in the form that may be shown; empty for what may not. */
export function firstProfile({ name, avatarUrl }: { name: string | null; avatarUrl: string | null }): FirstProfile {
  return { userName: shownName(name ?? ''), avatarUrl: shownAvatarUrl(avatarUrl ?? '') }
}

function shownName(text: string): string {
  const name = Array.from(text.normalize('NFC').replace(UNSHOWABLE, '').trim())
    .slice(0, NAME_CHARACTERS_MAX)
    .join('')
    .trimEnd()
  return INVISIBLE.test(name) ? '' : name
}

function shownAvatarUrl(text: string): string {
  const url = URL.parse(text)
  if (url?.protocol !== 'https:' || url.username !== '' || url.password !== '') return ''
  return url.href.length <= AVATAR_URL_LENGTH_MAX ? url.href : ''
}

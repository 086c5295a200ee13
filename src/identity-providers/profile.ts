// What a platform says of a user becomes a key of our tables, or is shown to others: each piece is bounded before.

/** As wide as the column of an identity's subject. */
const SUBJECT_CHARS_MAX = 255
const NAME_CHARS_MAX = 100
const PICTURE_URL_CHARS_MAX = 1024

// Two texts that differ in a blank at the end are one key to some databases.
const SUBJECT = /^[^\s\p{Cc}](?:[^\p{Cc}]*[^\s\p{Cc}])?$/u

/** The platform's id of a user, or null for what cannot be one. */
export function readSubject(value: unknown): string | null {
  if (typeof value !== 'string' || value.length > SUBJECT_CHARS_MAX || !value.isWellFormed()) return null
  return SUBJECT.test(value) ? value : null
}

/** A name that can be shown; null leaves the player with ours. */
export function readName(value: unknown): string | null {
  if (typeof value !== 'string' || value.length > NAME_CHARS_MAX || !value.isWellFormed()) return null
  const name = value.trim()
  return name === '' || /\p{Cc}/u.test(name) ? null : name
}

/** The address of a picture; only one that is fetched unseen by others. */
export function readPictureUrl(value: unknown): string | null {
  if (typeof value !== 'string' || value.length > PICTURE_URL_CHARS_MAX) return null
  const url = URL.parse(value)
  return url?.protocol === 'https:' && url.username === '' && url.password === '' ? url.href : null
}

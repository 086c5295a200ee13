/** A shared secret is at most this long, in the configuration and in what a caller sends: a longer one is a mistake. */
export const SECRET_LENGTH_MAX = 512

#!/usr/bin/env bash
# The walkthrough with curl alone: scripts/curl-walkthrough.sh [address]
# Needs bash, curl, grep and sed. Makes one new player and leaves it there. Exits 1 at the first wrong answer.
# APP_SECRET: the secret of the app, where it is not the one of a fresh `local` server.
set -euo pipefail

BASE="${1:-${BASE_URL:-http://127.0.0.1:8000}}"
BASE="${BASE%/}"
API="$BASE/api/v1"
# Fresh names each time, so that it can be walked again and again on one database.
RUN="$(date +%s)-$$-$RANDOM"
STEPS=0
STATUS=0
BODY=''
TOKEN=''

fail() {
  echo "not ok: step $STEPS: $1" >&2
  [ -z "$BODY" ] || echo "  the answer was: $STATUS $BODY" >&2
  exit 1
}

# call <what it does> <method> <url> [body]: sets STATUS and BODY
call() {
  local says="$1" method="$2" url="$3" answer
  local -a args=(--silent --show-error --noproxy '*' --max-time 10 --request "$method" --write-out '\n%{http_code}')
  # An empty bash array is "unset" to older versions under `set -u`, so the options are added one by one.
  [ -z "$TOKEN" ] || args+=(--header "Authorization: Bearer $TOKEN")
  if [ $# -gt 3 ]; then args+=(--header 'Content-Type: application/json' --data "$4"); fi
  STEPS=$((STEPS + 1))
  BODY=''
  echo
  echo "$STEPS. $says"
  echo "   curl -X $method '$url'${TOKEN:+ -H \"Authorization: Bearer \$TOKEN\"}${4:+ -d '$4'}"
  if ! answer="$(curl "${args[@]}" "$url" 2>&1)"; then
    echo "No server answers at $BASE (${answer%%$'\n'*}). Start one with: npm start" >&2
    exit 1
  fi
  STATUS="${answer##*$'\n'}"
  BODY="${answer%$'\n'*}"
  # Tokens are passwords for as long as they live: a transcript may be passed on.
  echo "   -> $STATUS $(printf '%s' "$BODY" | sed -E 's/"((refresh_)?token)":"[^"]*"/"\1":"..."/g' | cut -c 1-400)"
}

# field <name>: the first value of that name in the answer, without quotes
field() {
  printf '%s' "$BODY" | grep -oE "\"$1\":(\"[^\"]*\"|[^,}]*)" | head -n 1 | sed -E "s/^\"$1\"://; s/^\"(.*)\"\$/\1/" || true
}

expect_status() {
  [ "$STATUS" = "$1" ] || fail "status $STATUS in place of $1"
}

expect() {
  local got
  got="$(field "$1")"
  [ "$got" = "$2" ] || fail "$1 is '$got' in place of '$2'"
}

# count <text>: how often it stands in the answer
count() {
  { printf '%s' "$BODY" | grep -oF "$1" || true; } | wc -l | tr -d ' '
}

expect_count() {
  local got
  got="$(count "$1")"
  [ "$got" = "$2" ] || fail "$1 stands there $got times in place of $2"
}

# payment <number of the order> <item> <price>
payment() {
  printf '{"order_id":"curl-%s-%s","uid":"%s","item_id":%s,"price":%s,"currency":"USD","payment_channel":"stripe","transaction_id":"txn-%s-%s"}' \
    "$RUN" "$1" "$PLAYER" "$2" "$3" "$RUN" "$1"
}

echo "Walking through the payment API at $BASE with curl"

call 'Is the server alive?' GET "$BASE/health"
expect_status 200
expect status healthy
expect message 'Payment API is running'

call 'The game starts a session.' POST "$API/token" '{"appId":"com.funtriolimited.slots.casino.free"}'
expect_status 200
expect scope client
TOKEN="$(field token)"
[ -n "$TOKEN" ] || fail 'there is no token'

call 'A new player logs in.' GET "$API/login?loginType=1&loginId=curl-$RUN"
if [ "$(field error)" = proof_required ]; then
  fail 'the server runs in `online`, where nobody logs in by a bare id: walk through one in `local`'
fi
expect_status 200
expect is_new true
expect coins 0
expect is_first_pay 1
PLAYER="$(field uid)"
[ -n "$PLAYER" ] || fail 'there is no uid'

call 'The store shows six packs.' GET "$API/store/items"
expect_status 200
expect is_first_pay 1
expect_count '"tokens_base":' 6
expect id 1
expect price 19.99
expect tokens 22

call 'The platform says that item 1 was paid.' POST "$API/payment/success" "$(payment 1 1 19.99)"
expect_status 200
expect order_status completed
expect coins_granted 1000
expect tokens_granted 22
expect is_first_charge true
expect replayed false
expect coins 1000

call 'It says so again: nothing is granted twice.' POST "$API/payment/success" "$(payment 1 1 19.99)"
expect_status 200
expect order_status completed
expect coins_granted 1000
expect tokens_granted 22
expect replayed true
expect coins 1000

call 'A payment of one cent is refused.' POST "$API/payment/success" "$(payment 2 1 0.01)"
expect_status 409
expect error price_mismatch
expect action contact_support

FAILURE="{\"order_id\":\"curl-$RUN-3\",\"uid\":\"$PLAYER\",\"item_id\":2,\"web_pay_error_code\":\"CARD_DECLINED\"}"
call 'A card is declined: the failure is recorded.' POST "$API/payment/failure" "$FAILURE"
expect_status 200
expect order_status failed

call 'The same order is paid after all: late success wins.' POST "$API/payment/success" "$(payment 3 2 29.99)"
expect_status 200
expect order_status completed
expect coins_granted 2000
expect tokens_granted 30
expect is_first_charge false
expect coins 3000

call 'A failure that comes late undoes nothing.' POST "$API/payment/failure" "$FAILURE"
expect_status 200
expect order_status completed

call 'Both rewards wait in the inbox.' GET "$API/inbox"
expect_status 200
expect_count '"state":"unclaimed"' 2
MESSAGE="$(field id)"
[ -n "$MESSAGE" ] || fail 'the message has no id'

call 'The player claims one.' POST "$API/inbox/$MESSAGE/claim" '{}'
expect_status 200

call 'And cannot claim it twice.' POST "$API/inbox/$MESSAGE/claim" '{}'
expect_status 409
expect error already_claimed

call 'The player claims all that is left.' POST "$API/inbox/claim_all" '{}'
expect_status 200
printf '%s' "$BODY" | grep -qF '"balance":{"coins":3000,"tokens":52}' || fail 'the balance is not 3000 coins and 52 tokens'

call 'The history shows three orders.' GET "$API/orders/history?limit=10"
expect_status 200
expect_count '"order_status":"completed"' 2
expect_count '"order_status":"review"' 1
expect_count '"order_id":' 3

call 'The player orders item 3: its price and rewards are promised for half an hour.' POST "$API/orders" \
  '{"item_id":3,"payment_channel":"sandbox"}'
expect_status 200
expect order_status pending
expect price 49.99
expect coins 5000
expect tokens 50
expect kind url
ORDER="$(field order_id)"

call 'It is paid as it promised.' POST "$API/payment/success" \
  "$(payment 4 3 49.99 | sed "s/\"order_id\":\"[^\"]*\"/\"order_id\":\"$ORDER\"/")"
expect_status 200
expect order_status completed
expect coins_granted 5000
expect coins 8000

call 'A second order.' POST "$API/orders" '{"item_id":1,"payment_channel":"sandbox"}'
expect_status 200
ORDER="$(field order_id)"

call 'The player gives it up.' POST "$API/orders/$ORDER/cancel" '{"reason":"changed my mind"}'
expect_status 200
expect order_status cancelled
expect error_code PAYMENT_CANCELLED

call "Today's gift waits." GET "$API/daily_gift"
expect_status 200
expect daily_gift 1
expect_count '"day":' 8

call 'The player claims it.' POST "$API/daily_gift" '{}'
expect_status 200
expect coins 100
printf '%s' "$BODY" | grep -qF '"balance":{"coins":8100,"tokens":52}' || fail 'the balance is not 8100 coins and 52 tokens'

call 'There is one a day.' POST "$API/daily_gift" '{}'
expect_status 409
expect error already_claimed
expect err_code 999

PLAYER_TOKEN="$TOKEN"
TOKEN=''
call "The game's own server gets its token." POST "$API/token" \
  "{\"appId\":\"com.funtriolimited.slots.casino.free\",\"appSecret\":\"${APP_SECRET:-local-app-secret}\"}"
expect_status 200
expect scope server
TOKEN="$(field token)"

# spend <coins> <key>
spend() {
  printf '{"currency":"coins","amount":-%s,"reason":"Six spins","idempotency_key":"spin-%s-%s"}' "$1" "$RUN" "$2"
}

call 'It takes 600 coins for six spins.' POST "$API/server/users/$PLAYER/wallet" "$(spend 600 1)"
expect_status 200
expect coins 7500

call 'It asks again with the same key: nothing more is taken.' POST "$API/server/users/$PLAYER/wallet" "$(spend 600 1)"
expect_status 200
expect coins 7500

call 'More than there is cannot be spent.' POST "$API/server/users/$PLAYER/wallet" "$(spend 7501 2)"
expect_status 409
expect error insufficient_balance

call 'The ledger tells it all, newest first.' GET "$API/server/users/$PLAYER/ledger?limit=2"
expect_status 200
expect kind game
expect reason 'Six spins'
expect_count '"ledger_seq":' 2
TOKEN="$PLAYER_TOKEN"

call 'The player logs out.' POST "$API/logout" '{}'
expect_status 200

call 'The token is dead at once.' GET "$API/store/items"
expect_status 401
expect error session_revoked

echo
echo "ok: all $STEPS steps answered as they should."

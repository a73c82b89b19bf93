URL=@URL@
TOKEN=@TOKEN@
value() { sed -E "s/.*\"$1\": ?\"?([^\",}]+).*/\1/"; }
key() { echo "Idempotency-Key: tour-$(date +%s%N)"; }

# A citizen reports something on the web form, and can follow it by its reference.
REFERENCE=$(curl -s "$URL/intake/v1/enquiries" -H "$(key)" -H "Content-Type: application/json" \
  -d '{"title": "A tree for our street", "text": "May we plant a tree in front of number 12?", "place": "12 High Street"}' \
  | value reference)
curl -s "$URL/intake/v1/enquiries/$REFERENCE"; echo

# An adviser comes to the desk and is offered what is most urgent.
curl -s -X PUT "$URL/routing/v1/advisers/me/presence" -H "Authorization: Bearer $TOKEN" -H "$(key)" \
  -H "Content-Type: application/json" -d '{"presence": "ready"}'; echo
until OFFERS=$(curl -s "$URL/routing/v1/offers" -H "Authorization: Bearer $TOKEN"); echo "$OFFERS" | grep -q offer_id; do sleep 0.2; done
OFFER=$(echo "$OFFERS" | value offer_id); TASK=$(echo "$OFFERS" | value task_id); ENQUIRY=$(echo "$OFFERS" | value enquiry_id)
curl -s -X POST "$URL/routing/v1/offers/$OFFER/accept" -H "Authorization: Bearer $TOKEN" -H "$(key)"; echo

# The adviser reads the record, answers, is free again, and resolves.
version() { curl -s -o /dev/null -D - "$URL/crm/v1/enquiries/$ENQUIRY" -H "Authorization: Bearer $TOKEN" | sed -n 's/^ETag: *//Ip' | tr -d '\r'; }
until curl -s "$URL/crm/v1/enquiries/$ENQUIRY" -H "Authorization: Bearer $TOKEN" | grep '"version"'; do sleep 0.2; done
curl -s "$URL/crm/v1/enquiries/$ENQUIRY/answers" -H "Authorization: Bearer $TOKEN" -H "$(key)" -H "If-Match: $(version)" \
  -H "Content-Type: application/json" -d '{"kind": "full", "text": "Thank you for writing: yes, and we gladly help."}'; echo
curl -s -X POST "$URL/routing/v1/tasks/$TASK/complete" -H "Authorization: Bearer $TOKEN" -H "$(key)"; echo
curl -s "$URL/crm/v1/enquiries/$ENQUIRY/resolution" -H "Authorization: Bearer $TOKEN" -H "$(key)" -H "If-Match: $(version)" \
  -H "Content-Type: application/json" -d '{"resolution": "done"}'; echo

# What the citizen who asked sees now, and whether the promise was kept.
REFERENCE=$(curl -s "$URL/crm/v1/enquiries/$ENQUIRY" -H "Authorization: Bearer $TOKEN" | value reference)
until STATUS=$(curl -s "$URL/intake/v1/enquiries/$REFERENCE"); echo "$STATUS" | grep -q '"state": *"resolved"'; do sleep 0.2; done; echo "$STATUS"
curl -s "$URL/sla/v1/clocks/$ENQUIRY" -H "Authorization: Bearer $TOKEN"; echo

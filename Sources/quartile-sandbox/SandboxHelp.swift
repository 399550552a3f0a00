/// The longer part of `--help`.
enum SandboxHelp {
    static let discussion = """
        Speaks the auth API in its versions v1, v2 and v3. At start it prints url, username, password and \
        subscription-key, one a line, then ready. SIGTERM and SIGINT end it with 0. Durations read 50ms, 90s, 15m, \
        1h, 2d; a bare number is seconds.

        Modes: in strict, a spent refresh token that comes again kills its whole family, access tokens too; in grace \
        it gives one more token set for a while, and then does as in strict; in lenient it works on.

        The control endpoint is on the same port and speaks JSON:

        GET, DELETE /_sandbox/calls
          The log of calls; GET takes ?after=N, ?call=refresh and ?username=.
          Tokens stand in it as fingerprints.
        GET /_sandbox/state
          Counts: refreshes, reused (spent tokens that came again), revoked;
          over all and for each family.
        GET, PATCH /_sandbox/settings
          mode, access_lifetime, refresh_lifetime, grace, latency,
          login_revokes, clock_skew, spelling (snake, camel), expires_at_form
          (naive, zoned, fractional, offset), string_numbers, unknown_fields,
          missing_optional, rotate_subscription_key (true or a key),
          users {NAME: {password, subscription_key, key_state (approved,
          pending, exhausted)}}. All of a PATCH is done, or none of it.
        POST /_sandbox/users   {username, password, subscription_key?}
        POST /_sandbox/issue   {username}
          A token set as the developer portal hands it out.
        POST /_sandbox/revoke  {username}
          Kills all families of the user.
        POST /_sandbox/faults
          {kind, call? (login, refresh, validate, status, other, any),
          api_version?, username?, skip? = 0, times? = 1 (null: for ever),
          when? (before: nothing is issued or spent; after: it is, and the
          answer suffers)} and, by kind:
          status (code, retry_after?, retry_after_date?, body?, headers?,
          content_type?), html (code? = 502), redirect (location, code? =
          302), reset, close, truncate (bytes?), hang (until deleted, then it
          goes on), delay (seconds), drip (interval? = 1), endless, malformed
          (variant? = no_refresh, no_access, not_json, empty, array),
          bad_lifetime and bad_token (part? = authorization or refresh,
          value?), string_numbers, zoned (form?), unknown_fields,
          missing_optional, spelling (spelling?). Answers {id}. The first
          fault that matches a call strikes it.
        GET, DELETE /_sandbox/faults, DELETE /_sandbox/faults/ID
        """
}

// Generated from Protocols/openapi.yaml, which is the contract; `OpenAPIDocumentTests` compares, and rewrites this file
// when it runs with STEELYARD_REGENERATE=1. Never edit it.

extension OpenAPIDocument {
    package static let text = #"""
        openapi: 3.1.0
        info:
          title: Steelyard aggregator
          version: 1.0.0
          summary: Exact token usage in from collectors, shares under named scopes out to people.
          license:
            name: Apache-2.0
            identifier: Apache-2.0
          description: |
            Two listeners. The **ingest** listener (tag `ingest`) speaks TLS 1.3 with client certificates; who the collector is
            comes only from its certificate's single URI SAN `spiffe://TRUST-DOMAIN/provider/P/collector/NAME`. The **query**
            listener (every other tag) speaks TLS, or plain HTTP on loopback, and takes bearer tokens.

            Counts of tokens and requests are decimal **strings** in JSON, because they are exact and may be larger than 2^53;
            in CSV they are plain digits. Percentages are decimal strings too. Nothing passes through floating point.

            Every error is problem details (RFC 9457) with a member `code` for programs. Unknown query parameters are refused.
        servers:
          - url: https://aggregator.example:4681
            description: Ingest listener (mutual TLS 1.3)
          - url: https://aggregator.example:4682
            description: Query listener (bearer tokens)
        tags:
          - name: ingest
            description: For collectors, over mutual TLS.
          - name: figures
            description: Usage, shares and exports.
          - name: statements
            description: Closed months.
          - name: registry
            description: What the tenants are.
          - name: fleet
            description: Collectors and tokens.
          - name: health
            description: Liveness, readiness, metrics and this document.
        security:
          - bearer: []
        paths:
          /v1/epochs:
            post:
              operationId: openEpoch
              tags: [ingest]
              summary: Fence every older process of this collector and get a new epoch.
              security:
                - clientCertificate: []
              requestBody:
                required: true
                content:
                  application/json:
                    schema: { $ref: '#/components/schemas/EpochRequest' }
              responses:
                '200':
                  description: The new epoch; every older one of this collector is fenced from now on.
                  content:
                    application/json:
                      schema: { $ref: '#/components/schemas/Epoch' }
                '400': { $ref: '#/components/responses/Problem' }
                '403': { $ref: '#/components/responses/Problem' }
                '413': { $ref: '#/components/responses/Problem' }
                '415': { $ref: '#/components/responses/Problem' }
                '503': { $ref: '#/components/responses/Later' }
          /v1/batches:
            post:
              operationId: sendBatch
              tags: [ingest]
              summary: Commit one sealed batch.
              description: |
                The body is one zstd frame that holds one `steelyard.v1.Batch`. 200 means that it is in PostgreSQL, durably:
                counted now, or counted before. Problem codes: 409 `gap` (with `expected_sequence`), `fork`, `fenced`,
                `unknown-epoch`; 403 `wrong-identity`, `wrong-provider`, `revoked`; 422 `invalid-batch` (with `reason` and `field`; never
                send it again); 400 `digest-mismatch` (damaged on the way; send it again).
              security:
                - clientCertificate: []
              parameters:
                - name: Steelyard-Epoch
                  in: header
                  required: true
                  schema: { type: integer, minimum: 1 }
                - name: Steelyard-Sequence
                  in: header
                  required: true
                  schema: { type: integer, minimum: 0 }
                - name: Content-Digest
                  in: header
                  required: true
                  description: '`sha-256=:BASE64:` of the body (RFC 9530).'
                  schema: { type: string }
                - name: Content-Encoding
                  in: header
                  required: true
                  schema: { const: zstd }
              requestBody:
                required: true
                content:
                  application/x-protobuf:
                    schema: { type: string, contentEncoding: binary, maxLength: 16777216 }
              responses:
                '200':
                  description: Counted.
                  content:
                    application/json:
                      schema: { $ref: '#/components/schemas/BatchReceipt' }
                '400': { $ref: '#/components/responses/Problem' }
                '403': { $ref: '#/components/responses/Problem' }
                '409': { $ref: '#/components/responses/Problem' }
                '413': { $ref: '#/components/responses/Problem' }
                '415': { $ref: '#/components/responses/Problem' }
                '422': { $ref: '#/components/responses/Problem' }
                '429': { $ref: '#/components/responses/Later' }
                '503': { $ref: '#/components/responses/Later' }
          /v1/batches/lookup:
            post:
              operationId: lookUpBatches
              tags: [ingest]
              summary: Which of these batches are counted?
              security:
                - clientCertificate: []
              requestBody:
                required: true
                content:
                  application/json:
                    schema: { $ref: '#/components/schemas/LookupRequest' }
              responses:
                '200':
                  description: One answer per digest, in order.
                  content:
                    application/json:
                      schema: { $ref: '#/components/schemas/Lookup' }
                '400': { $ref: '#/components/responses/Problem' }
                '403': { $ref: '#/components/responses/Problem' }
                '409': { $ref: '#/components/responses/Problem' }
                '413': { $ref: '#/components/responses/Problem' }
                '415': { $ref: '#/components/responses/Problem' }
                '503': { $ref: '#/components/responses/Later' }
          /v1/usage:
            get:
              operationId: usage
              tags: [figures]
              summary: Sums of usage, grouped and filtered.
              description: |
                Roles: auditor, admin; operator for its own provider. A token bound to a provider sees that provider only.
              parameters:
                - $ref: '#/components/parameters/period'
                - $ref: '#/components/parameters/from'
                - $ref: '#/components/parameters/to'
                - $ref: '#/components/parameters/zone'
                - name: bucket
                  in: query
                  description: Split the period into minutes, hours, days or months of the zone. Without it, one sum.
                  schema: { type: string, enum: [minute, hour, day, month] }
                - name: group-by
                  in: query
                  description: Comma-separated dimensions.
                  style: form
                  explode: false
                  schema:
                    type: array
                    items: { type: string, enum: [provider, tenant, model, region, layer, workload, modality, kind] }
                - { name: provider, in: query, description: Only these providers (comma-separated)., schema: { type: string } }
                - { name: tenant, in: query, description: Only these tenants (comma-separated)., schema: { type: string } }
                - { name: model, in: query, description: Only these models (comma-separated)., schema: { type: string } }
                - { name: region, in: query, description: Only these regions (comma-separated)., schema: { type: string } }
                - { name: layer, in: query, description: 'Only these layers: maas, paas, iaas, on-premises.', schema: { type: string } }
                - { name: workload, in: query, description: 'Only these workloads: online, batch.', schema: { type: string } }
                - { name: modality, in: query, description: 'Only these modalities: text, image, audio, video, embedding.', schema: { type: string } }
                - { name: kind, in: query, description: Only tenants of these kinds (comma-separated)., schema: { type: string } }
                - $ref: '#/components/parameters/asKnownAt'
                - $ref: '#/components/parameters/waitFor'
                - name: limit
                  in: query
                  description: The most rows that the answer may have; more rows are refused (400 `bad-query`), never cut off.
                  schema: { type: integer, minimum: 1, maximum: 200000, default: 10000 }
              responses:
                '200':
                  description: The sums, ordered by bucket and group.
                  headers:
                    Steelyard-Position: { $ref: '#/components/headers/Mark' }
                  content:
                    application/json:
                      schema: { $ref: '#/components/schemas/Usage' }
                    text/csv:
                      schema: { type: string }
                '400': { $ref: '#/components/responses/Problem' }
                '401': { $ref: '#/components/responses/Unauthorized' }
                '403': { $ref: '#/components/responses/Problem' }
                '406': { $ref: '#/components/responses/Problem' }
                '422': { $ref: '#/components/responses/Problem' }
                '503': { $ref: '#/components/responses/Later' }
          /v1/shares:
            get:
              operationId: shares
              tags: [figures]
              summary: Who has which part of the whole, under a scope.
              description: 'Roles: auditor, finance, admin, not bound to a provider.'
              parameters:
                - $ref: '#/components/parameters/scope'
                - $ref: '#/components/parameters/period'
                - $ref: '#/components/parameters/from'
                - $ref: '#/components/parameters/to'
                - name: by
                  in: query
                  description: What the whole is divided among. It must be what the scope divides among, and is that where it isn't said.
                  schema: { type: string, enum: [provider, model, family, developer] }
                - $ref: '#/components/parameters/asKnownAt'
                - $ref: '#/components/parameters/waitFor'
              responses:
                '200':
                  description: The shares, largest first, adding up to exactly 100.
                  headers:
                    Steelyard-Position: { $ref: '#/components/headers/Mark' }
                  content:
                    application/json:
                      schema: { $ref: '#/components/schemas/Shares' }
                    text/csv:
                      schema: { type: string }
                '400': { $ref: '#/components/responses/Problem' }
                '401': { $ref: '#/components/responses/Unauthorized' }
                '403': { $ref: '#/components/responses/Problem' }
                '404': { $ref: '#/components/responses/Problem' }
                '406': { $ref: '#/components/responses/Problem' }
                '422': { $ref: '#/components/responses/Problem' }
                '503': { $ref: '#/components/responses/Later' }
          /v1/rank:
            get:
              operationId: rank
              tags: [figures]
              summary: Who is first under which scope - scopes beside each other.
              description: |
                Roles: auditor, finance, admin, not bound to a provider. A scope that can't be answered stands in `refused` with its reason and
                doesn't spoil the others; where none can be answered, the first one's problem is the answer.
              parameters:
                - name: scope
                  in: query
                  description: Ids of scopes, comma-separated, at most 60. Without it all scopes of the installation.
                  schema: { type: string }
                - $ref: '#/components/parameters/period'
                - $ref: '#/components/parameters/from'
                - $ref: '#/components/parameters/to'
                - $ref: '#/components/parameters/asKnownAt'
                - $ref: '#/components/parameters/waitFor'
              responses:
                '200':
                  description: One table for each thing that the scopes divide among.
                  headers:
                    Steelyard-Position: { $ref: '#/components/headers/Mark' }
                  content:
                    application/json:
                      schema: { $ref: '#/components/schemas/Rank' }
                    text/csv:
                      schema: { type: string }
                '400': { $ref: '#/components/responses/Problem' }
                '401': { $ref: '#/components/responses/Unauthorized' }
                '403': { $ref: '#/components/responses/Problem' }
                '404': { $ref: '#/components/responses/Problem' }
                '406': { $ref: '#/components/responses/Problem' }
                '422': { $ref: '#/components/responses/Problem' }
                '503': { $ref: '#/components/responses/Later' }
          /v1/trend:
            get:
              operationId: trend
              tags: [figures]
              summary: A figure step by step, with events and inflection points.
              description: |
                Roles: auditor, finance, admin, not bound to a provider. The period must begin and end with a step, and have at most 400.
                An inflection point is a step at which growth takes off; docs/querying.md has the rule.
              parameters:
                - $ref: '#/components/parameters/scope'
                - $ref: '#/components/parameters/period'
                - $ref: '#/components/parameters/from'
                - $ref: '#/components/parameters/to'
                - name: by
                  in: query
                  description: The length of a step.
                  schema: { type: string, enum: [day, month, quarter, half], default: month }
                - name: entity
                  in: query
                  description: Providers (or what the scope divides among), comma-separated, at most 20. Without it all of them together.
                  schema: { type: string }
                - $ref: '#/components/parameters/asKnownAt'
                - $ref: '#/components/parameters/waitFor'
              responses:
                '200':
                  description: One series for each entity.
                  headers:
                    Steelyard-Position: { $ref: '#/components/headers/Mark' }
                  content:
                    application/json:
                      schema: { $ref: '#/components/schemas/Trend' }
                    text/csv:
                      schema: { type: string }
                '400': { $ref: '#/components/responses/Problem' }
                '401': { $ref: '#/components/responses/Unauthorized' }
                '403': { $ref: '#/components/responses/Problem' }
                '404': { $ref: '#/components/responses/Problem' }
                '406': { $ref: '#/components/responses/Problem' }
                '422': { $ref: '#/components/responses/Problem' }
                '503': { $ref: '#/components/responses/Later' }
          /v1/growth:
            get:
              operationId: growth
              tags: [figures]
              summary: How much larger a period's figures are than another's.
              description: 'Roles: auditor, finance, admin, not bound to a provider.'
              parameters:
                - $ref: '#/components/parameters/scope'
                - { name: from-period, in: query, required: true, description: The earlier period., schema: { type: string } }
                - { name: to-period, in: query, required: true, description: The later period., schema: { type: string } }
                - name: entity
                  in: query
                  description: Only these entities (comma-separated). All of them without it.
                  schema: { type: string }
                - $ref: '#/components/parameters/asKnownAt'
                - $ref: '#/components/parameters/waitFor'
              responses:
                '200':
                  description: One row for each entity, and one for all of them together (`entity` is null).
                  headers:
                    Steelyard-Position: { $ref: '#/components/headers/Mark' }
                  content:
                    application/json:
                      schema: { $ref: '#/components/schemas/Growth' }
                    text/csv:
                      schema: { type: string }
                '400': { $ref: '#/components/responses/Problem' }
                '401': { $ref: '#/components/responses/Unauthorized' }
                '403': { $ref: '#/components/responses/Problem' }
                '404': { $ref: '#/components/responses/Problem' }
                '406': { $ref: '#/components/responses/Problem' }
                '422': { $ref: '#/components/responses/Problem' }
                '503': { $ref: '#/components/responses/Later' }
          /v1/concentration:
            get:
              operationId: concentration
              tags: [figures]
              summary: How much of a market its largest entities hold.
              description: 'Roles: auditor, finance, admin, not bound to a provider.'
              parameters:
                - $ref: '#/components/parameters/scope'
                - $ref: '#/components/parameters/period'
                - $ref: '#/components/parameters/from'
                - $ref: '#/components/parameters/to'
                - $ref: '#/components/parameters/asKnownAt'
                - $ref: '#/components/parameters/waitFor'
              responses:
                '200':
                  description: CR1, CR3 and the Herfindahl-Hirschman index.
                  headers:
                    Steelyard-Position: { $ref: '#/components/headers/Mark' }
                  content:
                    application/json:
                      schema: { $ref: '#/components/schemas/Concentration' }
                    text/csv:
                      schema: { type: string }
                '400': { $ref: '#/components/responses/Problem' }
                '401': { $ref: '#/components/responses/Unauthorized' }
                '403': { $ref: '#/components/responses/Problem' }
                '404': { $ref: '#/components/responses/Problem' }
                '406': { $ref: '#/components/responses/Problem' }
                '422': { $ref: '#/components/responses/Problem' }
                '503': { $ref: '#/components/responses/Later' }
          /v1/bridge:
            get:
              operationId: bridge
              tags: [figures]
              summary: From a figure under one scope to that under another, step by step.
              description: |
                Roles: auditor, finance, admin, not bound to a provider. Each step changes one aspect, in a fixed order, and the changes
                add up exactly. 422 `different-entities` where the scopes divide among different things.
              parameters:
                - { name: from-scope, in: query, required: true, description: The id of a scope., schema: { type: string } }
                - { name: to-scope, in: query, required: true, description: The id of a scope., schema: { type: string } }
                - $ref: '#/components/parameters/period'
                - $ref: '#/components/parameters/from'
                - $ref: '#/components/parameters/to'
                - name: entity
                  in: query
                  description: One provider (or what the scopes divide among). Without it all of them together.
                  schema: { type: string }
                - $ref: '#/components/parameters/asKnownAt'
                - $ref: '#/components/parameters/waitFor'
              responses:
                '200':
                  description: The start, and one step for each aspect that differs.
                  headers:
                    Steelyard-Position: { $ref: '#/components/headers/Mark' }
                  content:
                    application/json:
                      schema: { $ref: '#/components/schemas/Bridge' }
                    text/csv:
                      schema: { type: string }
                '400': { $ref: '#/components/responses/Problem' }
                '401': { $ref: '#/components/responses/Unauthorized' }
                '403': { $ref: '#/components/responses/Problem' }
                '404': { $ref: '#/components/responses/Problem' }
                '406': { $ref: '#/components/responses/Problem' }
                '422': { $ref: '#/components/responses/Problem' }
                '503': { $ref: '#/components/responses/Later' }
          /v1/peak:
            get:
              operationId: peak
              tags: [figures]
              summary: The minutes with the most tokens, and how many users they are enough for.
              description: |
                Roles: auditor, admin; operator for its own provider. A token bound to a provider sees that provider only.
              parameters:
                - $ref: '#/components/parameters/period'
                - $ref: '#/components/parameters/from'
                - $ref: '#/components/parameters/to'
                - name: by
                  in: query
                  description: What has a highest minute - providers, or the tenants or models of each provider.
                  schema: { type: string, enum: [provider, tenant, model], default: provider }
                - { name: provider, in: query, description: Only these providers (comma-separated)., schema: { type: string } }
                - { name: tenant, in: query, description: Only these tenants (comma-separated); with by=tenant., schema: { type: string } }
                - { name: model, in: query, description: Only these models (comma-separated); with by=model., schema: { type: string } }
                - name: top
                  in: query
                  description: How many peaks are given, one for each provider, tenant or model, from the highest on.
                  schema: { type: integer, minimum: 1, maximum: 1000, default: 10 }
                - name: user-rate
                  in: query
                  description: Tokens a minute that one user needs; `users` is how many of them a minute's tokens are enough for.
                  schema: { type: integer, minimum: 1, maximum: 1000000000000 }
                - $ref: '#/components/parameters/waitFor'
              responses:
                '200':
                  description: The peaks, highest first.
                  headers:
                    Steelyard-Position: { $ref: '#/components/headers/Mark' }
                  content:
                    application/json:
                      schema: { $ref: '#/components/schemas/Peak' }
                    text/csv:
                      schema: { type: string }
                '400': { $ref: '#/components/responses/Problem' }
                '401': { $ref: '#/components/responses/Unauthorized' }
                '403': { $ref: '#/components/responses/Problem' }
                '406': { $ref: '#/components/responses/Problem' }
                '422': { $ref: '#/components/responses/Problem' }
                '503': { $ref: '#/components/responses/Later' }
          /v1/coverage:
            get:
              operationId: coverage
              tags: [fleet]
              summary: What was reported of a period, by whom, and what was set aside.
              description: 'Roles: all. A token bound to a provider sees that provider only.'
              parameters:
                - $ref: '#/components/parameters/period'
                - $ref: '#/components/parameters/from'
                - $ref: '#/components/parameters/to'
                - { name: provider, in: query, description: Only this provider., schema: { type: string } }
                - name: silence-minutes
                  in: query
                  description: How long nothing may come before it counts as silence; the server's setting by default (60).
                  schema: { type: integer, minimum: 1, maximum: 10080 }
                - $ref: '#/components/parameters/waitFor'
              responses:
                '200':
                  description: Every provider that has a collector or usage, with its collectors.
                  headers:
                    Steelyard-Position: { $ref: '#/components/headers/Mark' }
                  content:
                    application/json:
                      schema: { $ref: '#/components/schemas/Coverage' }
                    text/csv:
                      schema: { type: string }
                '400': { $ref: '#/components/responses/Problem' }
                '401': { $ref: '#/components/responses/Unauthorized' }
                '403': { $ref: '#/components/responses/Problem' }
                '406': { $ref: '#/components/responses/Problem' }
                '503': { $ref: '#/components/responses/Later' }
          /v1/exports/monthly-share:
            get:
              operationId: exportMonthlyShare
              tags: [figures]
              summary: The monthly figures for finance.
              description: 'Roles: auditor, finance, admin, not bound to a provider.'
              parameters:
                - name: month
                  in: query
                  required: true
                  description: A calendar month, such as 2025-06.
                  schema: { type: string, pattern: '^[0-9]{4}-[0-9]{2}$' }
                - $ref: '#/components/parameters/scope'
                - $ref: '#/components/parameters/asKnownAt'
                - $ref: '#/components/parameters/waitFor'
                - name: restated
                  in: query
                  description: Whether a closed month is evaluated as of now in place of its statement's figures. So is one that is asked for with as-known-at.
                  schema: { type: boolean, default: false }
              responses:
                '200':
                  description: One row per provider and one of totals; a closed month's are those of its statement. CSV comes as an attachment with a name of its own.
                  headers:
                    Steelyard-Position: { $ref: '#/components/headers/Mark' }
                    Content-Disposition:
                      description: The file name, in CSV.
                      schema: { type: string }
                  content:
                    text/csv:
                      schema: { type: string }
                    application/json:
                      schema: { $ref: '#/components/schemas/MonthlyShare' }
                '400': { $ref: '#/components/responses/Problem' }
                '401': { $ref: '#/components/responses/Unauthorized' }
                '403': { $ref: '#/components/responses/Problem' }
                '404': { $ref: '#/components/responses/Problem' }
                '406': { $ref: '#/components/responses/Problem' }
                '422': { $ref: '#/components/responses/Problem' }
                '503': { $ref: '#/components/responses/Later' }
          /v1/statements:
            get:
              operationId: statements
              tags: [statements]
              summary: Closed months and proposals, without their figures.
              description: 'Roles: auditor, finance, admin, not bound to a provider.'
              parameters:
                - { name: scope, in: query, description: Only those under the scope of this id., schema: { type: string } }
                - { name: month, in: query, description: Only those of this month., schema: { type: string, pattern: '^[0-9]{4}-[0-9]{2}$' } }
              responses:
                '200':
                  description: By scope, month and proposal; those that were withdrawn included.
                  content:
                    application/json:
                      schema: { $ref: '#/components/schemas/Statements' }
                '400': { $ref: '#/components/responses/Problem' }
                '401': { $ref: '#/components/responses/Unauthorized' }
                '403': { $ref: '#/components/responses/Problem' }
                '406': { $ref: '#/components/responses/Problem' }
                '503': { $ref: '#/components/responses/Later' }
            post:
              operationId: proposeStatement
              tags: [statements]
              summary: Freeze a month under a scope, for somebody else to approve.
              description: >-
                Roles: finance, admin, not bound to a provider, with a token that names its holder. 409 `coverage-short` lists in
                `shortcomings` what is missing; with an override_reason it is proposed all the same. 409 `statement-exists` where the
                month is closed under the scope, or a proposal waits.
              requestBody:
                required: true
                content:
                  application/json:
                    schema: { $ref: '#/components/schemas/StatementRequest' }
              responses:
                '201':
                  description: The proposal.
                  content:
                    application/json:
                      schema: { $ref: '#/components/schemas/Statement' }
                '400': { $ref: '#/components/responses/Problem' }
                '401': { $ref: '#/components/responses/Unauthorized' }
                '403': { $ref: '#/components/responses/Problem' }
                '404': { $ref: '#/components/responses/Problem' }
                '409': { $ref: '#/components/responses/Problem' }
                '413': { $ref: '#/components/responses/Problem' }
                '415': { $ref: '#/components/responses/Problem' }
                '422': { $ref: '#/components/responses/Problem' }
                '503': { $ref: '#/components/responses/Later' }
          /v1/statements/{id}:
            get:
              operationId: statement
              tags: [statements]
              summary: A statement with everything that it froze, and on request with what became of its figures since.
              description: 'Roles: auditor, finance, admin, not bound to a provider.'
              parameters:
                - { name: id, in: path, required: true, schema: { type: integer } }
                - name: restated
                  in: query
                  description: Whether to evaluate what the figures would be now.
                  schema: { type: boolean, default: false }
              responses:
                '200':
                  description: The statement.
                  content:
                    application/json:
                      schema: { $ref: '#/components/schemas/Statement' }
                '400': { $ref: '#/components/responses/Problem' }
                '401': { $ref: '#/components/responses/Unauthorized' }
                '403': { $ref: '#/components/responses/Problem' }
                '404': { $ref: '#/components/responses/Problem' }
                '406': { $ref: '#/components/responses/Problem' }
                '422': { $ref: '#/components/responses/Problem' }
                '503': { $ref: '#/components/responses/Later' }
          /v1/statements/{id}/approval:
            post:
              operationId: approveStatement
              tags: [statements]
              summary: Close the month; nothing changes the statement from then on.
              description: >-
                Roles: finance, admin, not bound to a provider, with a token whose holder isn't the one who proposed it
                (403 `same-person`). 409 `figures-changed` lists in `changes` what differs from the proposal, 409 `coverage-short`
                what is short that wasn't, 409 `statement-decided` where it was approved or withdrawn before.
              parameters:
                - { name: id, in: path, required: true, schema: { type: integer } }
              responses:
                '200':
                  description: The statement, approved.
                  content:
                    application/json:
                      schema: { $ref: '#/components/schemas/Statement' }
                '400': { $ref: '#/components/responses/Problem' }
                '401': { $ref: '#/components/responses/Unauthorized' }
                '403': { $ref: '#/components/responses/Problem' }
                '404': { $ref: '#/components/responses/Problem' }
                '409': { $ref: '#/components/responses/Problem' }
                '422': { $ref: '#/components/responses/Problem' }
                '503': { $ref: '#/components/responses/Later' }
          /v1/statements/{id}/withdrawal:
            post:
              operationId: withdrawStatement
              tags: [statements]
              summary: Take a proposal back, so that the month can be proposed again.
              description: 'Roles: finance, admin, not bound to a provider, with a token that names its holder.'
              parameters:
                - { name: id, in: path, required: true, schema: { type: integer } }
              requestBody:
                required: true
                content:
                  application/json:
                    schema: { $ref: '#/components/schemas/StatementWithdrawal' }
              responses:
                '200':
                  description: The statement, withdrawn.
                  content:
                    application/json:
                      schema: { $ref: '#/components/schemas/Statement' }
                '400': { $ref: '#/components/responses/Problem' }
                '401': { $ref: '#/components/responses/Unauthorized' }
                '403': { $ref: '#/components/responses/Problem' }
                '404': { $ref: '#/components/responses/Problem' }
                '409': { $ref: '#/components/responses/Problem' }
                '413': { $ref: '#/components/responses/Problem' }
                '415': { $ref: '#/components/responses/Problem' }
                '503': { $ref: '#/components/responses/Later' }
          /v1/scopes:
            get:
              operationId: scopes
              tags: [figures]
              summary: The statistical scopes of this installation.
              description: 'Roles: all.'
              responses:
                '200':
                  description: The scopes, by id.
                  content:
                    application/json:
                      schema: { $ref: '#/components/schemas/Scopes' }
                    text/csv:
                      schema: { type: string }
                '400': { $ref: '#/components/responses/Problem' }
                '401': { $ref: '#/components/responses/Unauthorized' }
                '406': { $ref: '#/components/responses/Problem' }
          /v1/scopes/{id}:
            get:
              operationId: scope
              tags: [figures]
              summary: A scope's definition, and what it means in plain words.
              description: 'Roles: all.'
              parameters:
                - { name: id, in: path, required: true, schema: { type: string } }
              responses:
                '200':
                  description: The scope.
                  content:
                    application/json:
                      schema: { $ref: '#/components/schemas/Scope' }
                '400': { $ref: '#/components/responses/Problem' }
                '401': { $ref: '#/components/responses/Unauthorized' }
                '404': { $ref: '#/components/responses/Problem' }
                '406': { $ref: '#/components/responses/Problem' }
          /v1/collectors:
            get:
              operationId: collectors
              tags: [fleet]
              summary: The collectors, their sequence and how far they lag.
              description: 'Roles: operator, admin. A token bound to a provider sees that provider only.'
              parameters:
                - { name: provider, in: query, description: Only this provider., schema: { type: string } }
              responses:
                '200':
                  description: The collectors, by provider and name.
                  content:
                    application/json:
                      schema: { $ref: '#/components/schemas/Collectors' }
                    text/csv:
                      schema: { type: string }
                '400': { $ref: '#/components/responses/Problem' }
                '401': { $ref: '#/components/responses/Unauthorized' }
                '403': { $ref: '#/components/responses/Problem' }
                '406': { $ref: '#/components/responses/Problem' }
                '503': { $ref: '#/components/responses/Later' }
          /v1/tenants:
            get:
              operationId: exportTenants
              tags: [registry]
              summary: The tenant registry.
              description: 'Roles: auditor, admin. A token bound to a provider sees that provider only.'
              parameters:
                - { name: provider, in: query, description: Only this provider., schema: { type: string } }
                - $ref: '#/components/parameters/asKnownAt'
              responses:
                '200':
                  description: The assertions held true, by provider, tenant and date. The CSV can be imported again.
                  content:
                    application/json:
                      schema: { $ref: '#/components/schemas/Tenants' }
                    text/csv:
                      schema: { type: string }
                '400': { $ref: '#/components/responses/Problem' }
                '401': { $ref: '#/components/responses/Unauthorized' }
                '403': { $ref: '#/components/responses/Problem' }
                '406': { $ref: '#/components/responses/Problem' }
                '503': { $ref: '#/components/responses/Later' }
            post:
              operationId: importTenants
              tags: [registry]
              summary: Import assertions about tenants, all or none.
              description: |
                Role: admin. A CSV with the columns provider, tenant, kind, legal_entity, effective_from, effective_to, reason.
                422 `invalid-registry` lists every mistake with its line.
              parameters:
                - $ref: '#/components/parameters/preview'
                - $ref: '#/components/parameters/previewScope'
                - $ref: '#/components/parameters/period'
                - $ref: '#/components/parameters/from'
                - $ref: '#/components/parameters/to'
              requestBody:
                required: true
                content:
                  text/csv:
                    schema: { type: string }
              responses:
                '200':
                  description: All of it is recorded; for a preview, what would be.
                  content:
                    application/json:
                      schema: { $ref: '#/components/schemas/Imported' }
                '400': { $ref: '#/components/responses/Problem' }
                '401': { $ref: '#/components/responses/Unauthorized' }
                '403': { $ref: '#/components/responses/Problem' }
                '404': { $ref: '#/components/responses/Problem' }
                '413': { $ref: '#/components/responses/Problem' }
                '415': { $ref: '#/components/responses/Problem' }
                '422': { $ref: '#/components/responses/Problem' }
                '503': { $ref: '#/components/responses/Later' }
          /v1/tenants/history:
            get:
              operationId: tenantHistory
              tags: [registry]
              summary: Everything that was ever recorded of one tenant, newest first.
              description: 'Roles: auditor, admin. A token bound to a provider sees that provider only.'
              parameters:
                - { name: tenant, in: query, required: true, description: The tenant., schema: { type: string } }
                - { name: provider, in: query, description: The tenant of this provider; of every one by default., schema: { type: string } }
                - $ref: '#/components/parameters/asKnownAt'
              responses:
                '200':
                  description: The assertions, each with when it was recorded and, where it is no longer held, superseded.
                  content:
                    application/json:
                      schema: { $ref: '#/components/schemas/TenantHistory' }
                '400': { $ref: '#/components/responses/Problem' }
                '401': { $ref: '#/components/responses/Unauthorized' }
                '403': { $ref: '#/components/responses/Problem' }
                '406': { $ref: '#/components/responses/Problem' }
                '503': { $ref: '#/components/responses/Later' }
          /v1/facts/{kind}:
            get:
              operationId: exportFacts
              tags: [registry]
              summary: The facts of one kind that are held.
              description: 'Roles: auditor, admin, not bound to a provider.'
              parameters:
                - $ref: '#/components/parameters/factKind'
                - $ref: '#/components/parameters/asKnownAt'
              responses:
                '200':
                  description: The records, by key and date. The CSV can be imported again.
                  content:
                    application/json:
                      schema: { $ref: '#/components/schemas/Facts' }
                    text/csv:
                      schema: { type: string }
                '400': { $ref: '#/components/responses/Problem' }
                '401': { $ref: '#/components/responses/Unauthorized' }
                '403': { $ref: '#/components/responses/Problem' }
                '404': { $ref: '#/components/responses/Problem' }
                '406': { $ref: '#/components/responses/Problem' }
                '503': { $ref: '#/components/responses/Later' }
            post:
              operationId: importFacts
              tags: [registry]
              summary: Import facts of one kind, all or none.
              description: |
                Role: admin. A CSV with the columns of the kind; docs/facts.md describes them. 422 `invalid-facts` lists every
                mistake with its line and column.
              parameters:
                - $ref: '#/components/parameters/factKind'
                - $ref: '#/components/parameters/preview'
                - $ref: '#/components/parameters/previewScope'
                - $ref: '#/components/parameters/period'
                - $ref: '#/components/parameters/from'
                - $ref: '#/components/parameters/to'
              requestBody:
                required: true
                content:
                  text/csv:
                    schema: { type: string }
              responses:
                '200':
                  description: All of it is recorded; for a preview, what would be.
                  content:
                    application/json:
                      schema: { $ref: '#/components/schemas/ImportedFacts' }
                '400': { $ref: '#/components/responses/Problem' }
                '401': { $ref: '#/components/responses/Unauthorized' }
                '403': { $ref: '#/components/responses/Problem' }
                '404': { $ref: '#/components/responses/Problem' }
                '413': { $ref: '#/components/responses/Problem' }
                '415': { $ref: '#/components/responses/Problem' }
                '422': { $ref: '#/components/responses/Problem' }
                '503': { $ref: '#/components/responses/Later' }
          /v1/tokens:
            get:
              operationId: tokens
              tags: [fleet]
              summary: The tokens that callers hold, without their secrets.
              description: 'Role: admin.'
              responses:
                '200':
                  description: The tokens, revoked ones included.
                  content:
                    application/json:
                      schema: { $ref: '#/components/schemas/Tokens' }
                '400': { $ref: '#/components/responses/Problem' }
                '401': { $ref: '#/components/responses/Unauthorized' }
                '403': { $ref: '#/components/responses/Problem' }
                '406': { $ref: '#/components/responses/Problem' }
                '503': { $ref: '#/components/responses/Later' }
            post:
              operationId: createToken
              tags: [fleet]
              summary: Make a token; the answer is the only place where its secret is ever shown.
              description: 'Role: admin.'
              requestBody:
                required: true
                content:
                  application/json:
                    schema: { $ref: '#/components/schemas/TokenRequest' }
              responses:
                '201':
                  description: The token.
                  content:
                    application/json:
                      schema: { $ref: '#/components/schemas/CreatedToken' }
                '400': { $ref: '#/components/responses/Problem' }
                '401': { $ref: '#/components/responses/Unauthorized' }
                '403': { $ref: '#/components/responses/Problem' }
                '413': { $ref: '#/components/responses/Problem' }
                '415': { $ref: '#/components/responses/Problem' }
                '503': { $ref: '#/components/responses/Later' }
          /v1/tokens/{id}:
            delete:
              operationId: revokeToken
              tags: [fleet]
              summary: Revoke a token, from its next request on.
              description: 'Role: admin.'
              parameters:
                - { name: id, in: path, required: true, schema: { type: string } }
              responses:
                '204': { description: Revoked. }
                '400': { $ref: '#/components/responses/Problem' }
                '401': { $ref: '#/components/responses/Unauthorized' }
                '403': { $ref: '#/components/responses/Problem' }
                '404': { $ref: '#/components/responses/Problem' }
                '503': { $ref: '#/components/responses/Later' }
          /metrics:
            get:
              operationId: metrics
              tags: [health]
              summary: Metrics in Prometheus' text format.
              description: 'Roles: operator, admin.'
              responses:
                '200':
                  description: Text exposition format 0.0.4.
                  content:
                    text/plain:
                      schema: { type: string }
                '400': { $ref: '#/components/responses/Problem' }
                '401': { $ref: '#/components/responses/Unauthorized' }
                '403': { $ref: '#/components/responses/Problem' }
          /livez:
            get:
              operationId: livez
              tags: [health]
              summary: Does the process answer?
              security: []
              responses:
                '200':
                  description: It does.
                  content:
                    application/json:
                      schema: { $ref: '#/components/schemas/Live' }
          /readyz:
            get:
              operationId: readyz
              tags: [health]
              summary: Can it do its work?
              description: Ready means that the database answers and its schema is current. The rollup's backlog is told beside.
              security: []
              responses:
                '200':
                  description: Ready.
                  content:
                    application/json:
                      schema: { $ref: '#/components/schemas/Ready' }
                '503': { $ref: '#/components/responses/Later' }
          /openapi.yaml:
            get:
              operationId: openapi
              tags: [health]
              summary: This document.
              security: []
              responses:
                '200':
                  description: OpenAPI 3.1.
                  content:
                    application/yaml:
                      schema: { type: string }
        components:
          securitySchemes:
            bearer:
              type: http
              scheme: bearer
              description: '`sy_ID_SECRET`, made with `steelyard token create`.'
            clientCertificate:
              type: mutualTLS
              description: 'A certificate with the single URI SAN `spiffe://TRUST-DOMAIN/provider/P/collector/NAME`.'
          headers:
            Mark:
              description: The rollup position that the figures count up to.
              schema: { type: integer }
          parameters:
            scope:
              name: scope
              in: query
              required: true
              description: The id of a scope; see /v1/scopes.
              schema: { type: string }
            period:
              name: period
              in: query
              description: A month (2025-06), quarter (2025-Q2), half (2025-H1), year (2025) or two dates (2025-06-01/2025-06-16). Either this or from and to.
              schema: { type: string }
            from:
              name: from
              in: query
              description: The first day that counts, or for usage also a time such as 2025-06-01T08:00:00Z.
              schema: { type: string }
            to:
              name: to
              in: query
              description: The first day (or time) that doesn't count any more.
              schema: { type: string }
            zone:
              name: zone
              in: query
              description: An IANA zone (UTC, or a name with a slash) that days and months are read in; the reporting calendar's by default.
              schema: { type: string }
            asKnownAt:
              name: as-known-at
              in: query
              description: What was recorded by this RFC 3339 time, of tenants and of facts; now by default.
              schema: { type: string, format: date-time }
            factKind:
              name: kind
              in: path
              required: true
              schema:
                type: string
                enum: [providers, models, regions, revenue, tenders, private-deployments, reference-totals, prices, rates]
            preview:
              name: preview
              in: query
              description: Carry nothing out, and say what the import would change.
              schema: { type: boolean, default: false }
            previewScope:
              name: scope
              in: query
              description: With preview and a period, what would move under this scope.
              schema: { type: string }
            waitFor:
              name: wait-for
              in: query
              description: Wait until the rollup position is at least this number, or `latest` for all that was committed before the request. 503 after 30 s.
              schema: { type: string }
          responses:
            Problem:
              description: Problem details.
              content:
                application/problem+json:
                  schema: { $ref: '#/components/schemas/Problem' }
            Unauthorized:
              description: A valid bearer token is needed.
              headers:
                WWW-Authenticate: { schema: { type: string } }
              content:
                application/problem+json:
                  schema: { $ref: '#/components/schemas/Problem' }
            Later:
              description: Not now; come back after Retry-After seconds.
              headers:
                Retry-After: { schema: { type: integer } }
              content:
                application/problem+json:
                  schema: { $ref: '#/components/schemas/Problem' }
          schemas:
            Count:
              type: string
              pattern: '^[0-9]+$'
              description: An exact integer in decimal.
            Amount:
              type: string
              pattern: '^[0-9]+([.][0-9]+)?$'
              description: A count in digits or, under a measure of money, an exact decimal in the scope's currency.
            Percent:
              type: [string, 'null']
              description: A decimal number in percent.
            Problem:
              type: object
              required: [type, title, status, detail, code]
              properties:
                type: { type: string }
                title: { type: string }
                status: { type: integer }
                detail: { type: string }
                code: { type: string }
            EpochRequest:
              type: object
              required: [spool_id, software_version]
              properties:
                spool_id: { type: string, pattern: '^[0-9a-f]{32}$' }
                software_version: { type: string, maxLength: 64 }
                last_epoch: { type: integer, minimum: 0, default: 0 }
                last_next_sequence: { type: integer, minimum: 0, default: 0 }
            Epoch:
              type: object
              required: [epoch, next_sequence, previous, regressed]
              properties:
                epoch: { type: integer }
                next_sequence: { type: integer }
                previous:
                  type: [object, 'null']
                  required: [epoch, next_sequence]
                  properties:
                    epoch: { type: integer }
                    next_sequence: { type: integer }
                regressed:
                  type: boolean
                  description: The server knows less than the collector says it acknowledged; the collector offers its archive again.
            BatchReceipt:
              type: object
              required: [result, next_sequence, chain]
              properties:
                result: { type: string, enum: [counted, duplicate] }
                next_sequence: { type: integer }
                chain: { type: string, pattern: '^[0-9a-f]{64}$' }
            LookupRequest:
              type: object
              required: [epoch, digests]
              properties:
                epoch: { type: integer, minimum: 1 }
                digests:
                  type: array
                  maxItems: 10000
                  items: { type: string, pattern: '^[0-9a-f]{64}$' }
            Lookup:
              type: object
              required: [counted]
              properties:
                counted: { type: array, items: { type: boolean } }
            Span:
              type: object
              required: [name, from, to, zone]
              properties:
                name: { type: string }
                from: { type: string }
                to: { type: string }
                zone: { type: string }
            Counts:
              type: object
              required: [requests, input_tokens, cached_input_tokens, output_tokens, reasoning_output_tokens, total_tokens]
              properties:
                requests: { $ref: '#/components/schemas/Count' }
                input_tokens: { $ref: '#/components/schemas/Count' }
                cached_input_tokens: { $ref: '#/components/schemas/Count' }
                output_tokens: { $ref: '#/components/schemas/Count' }
                reasoning_output_tokens: { $ref: '#/components/schemas/Count' }
                total_tokens: { $ref: '#/components/schemas/Count' }
            UsageRow:
              description: The counts, with `bucket` where there are buckets and a member for each dimension of group-by.
              allOf:
                - $ref: '#/components/schemas/Counts'
              properties:
                bucket: { type: string }
                provider: { type: string }
                tenant: { type: string }
                model: { type: string }
                region: { type: string }
                layer: { type: string }
                workload: { type: string }
                modality: { type: string }
                kind: { type: string }
            Usage:
              type: object
              required: [period, bucket, group_by, as_known_at, position, rows]
              properties:
                period: { $ref: '#/components/schemas/Span' }
                bucket: { type: [string, 'null'] }
                group_by: { type: array, items: { type: string } }
                as_known_at:
                  type: [string, 'null']
                  description: The moment of the latest record that was taken into account, where tenants' kinds were; else null.
                mark: { type: integer }
                rows: { type: array, items: { $ref: '#/components/schemas/UsageRow' } }
            ScopeName:
              type: object
              required: [id, version, sha256, title]
              properties:
                id: { type: string }
                version: { type: integer }
                sha256:
                  type: string
                  pattern: '^[0-9a-f]{64}$'
                  description: Of the definition's canonical form. Two figures with the same one were counted by the same rule.
                title: { $ref: '#/components/schemas/LocalizedText' }
            LocalizedText:
              type: object
              required: [en, zh]
              properties:
                en: { type: string }
                zh: { type: string }
            ShareRow:
              description: The entity stands under its own name, such as `provider`, as `by` says.
              type: object
              required: [rank, numerator, denominator, share_percent, interval, published, external, own_business, unclassified, other_kinds, outside_filters, unmapped]
              properties:
                provider: { type: [string, 'null'] }
                model: { type: [string, 'null'] }
                family: { type: [string, 'null'] }
                developer: { type: [string, 'null'] }
                rank:
                  type: [integer, 'null']
                  description: Null, like the entity, for the row of all entities that the scope doesn't name.
                gathered:
                  type: integer
                  description: How many entities that row gathers. Absent for an entity of its own.
                numerator: { $ref: '#/components/schemas/Amount' }
                denominator: { $ref: '#/components/schemas/Amount' }
                share_percent: { $ref: '#/components/schemas/Percent' }
                interval: { $ref: '#/components/schemas/ShareInterval' }
                published:
                  allOf: [{ $ref: '#/components/schemas/Amount' }]
                  description: The figure as the scope publishes it, a sum or an average per day.
                external: { $ref: '#/components/schemas/Amount' }
                own_business: { $ref: '#/components/schemas/Amount' }
                unclassified: { $ref: '#/components/schemas/Amount' }
                other_kinds: { $ref: '#/components/schemas/Amount' }
                outside_filters: { $ref: '#/components/schemas/Amount' }
                unmapped:
                  allOf: [{ $ref: '#/components/schemas/Amount' }]
                  description: What can't be judged because no catalogue names its region or model. Not counted.
                revenue_from:
                  type: [string, 'null']
                  enum: [imported, price-book, imported+price-book, null]
                  description: Under revenue, where it comes from.
                unpriced_tokens:
                  allOf: [{ $ref: '#/components/schemas/Count' }]
                  description: Under revenue, tokens that would count and have no price in the book.
                share_percent_lowest:
                  allOf: [{ $ref: '#/components/schemas/Percent' }]
                  description: Against a published total, the least that the share can be given the total's precision.
                share_percent_highest:
                  allOf: [{ $ref: '#/components/schemas/Percent' }]
                  description: The most that it can be.
            Shares:
              type: object
              required: [scope, period, measure, currency, aggregate, by, as_known_at, position, denominator, reference, rows, total, gaps]
              properties:
                scope: { $ref: '#/components/schemas/ScopeName' }
                period: { $ref: '#/components/schemas/Span' }
                measure: { type: string, enum: [tokens, requests, revenue, tender-count, tender-amount] }
                currency:
                  type: [string, 'null']
                  description: Of amounts of money; null where the measure is none.
                aggregate: { type: string, enum: [sum, daily-average] }
                by: { type: string }
                as_known_at: { type: string, format: date-time }
                mark: { type: integer }
                denominator: { $ref: '#/components/schemas/Amount' }
                reference:
                  type: [object, 'null']
                  description: The published total that shares are shares of; null where that is everything counted.
                  required: [name, period, scope, value, unit, precision, source, as_of]
                  properties:
                    name: { type: string }
                    period: { type: string }
                    scope:
                      type: [string, 'null']
                      description: The scope that it was published under.
                    value: { type: string, description: As published. }
                    unit: { type: string, description: '`tokens`, `tokens-per-day`, `requests`, `requests-per-day`, `tenders` or a currency.' }
                    precision: { type: string, description: What the last published digit is worth. }
                    source: { type: string }
                    as_of: { type: string, format: date }
                rows: { type: array, items: { $ref: '#/components/schemas/ShareRow' } }
                total:
                  type: object
                  required: [numerator, published, external, own_business, unclassified, other_kinds, outside_filters, unmapped]
                  properties:
                    numerator: { $ref: '#/components/schemas/Amount' }
                    published: { $ref: '#/components/schemas/Amount' }
                    external: { $ref: '#/components/schemas/Amount' }
                    own_business: { $ref: '#/components/schemas/Amount' }
                    unclassified: { $ref: '#/components/schemas/Amount' }
                    other_kinds: { $ref: '#/components/schemas/Amount' }
                    outside_filters: { $ref: '#/components/schemas/Amount' }
                    unmapped: { $ref: '#/components/schemas/Amount' }
                    revenue_from: { type: [string, 'null'] }
                    unpriced_tokens: { $ref: '#/components/schemas/Count' }
                gaps:
                  type: array
                  description: Under revenue, months without a record of a provider's layer that has one for other months of the period.
                  items:
                    type: object
                    required: [provider, layer, months]
                    properties:
                      provider: { type: string }
                      layer: { type: string }
                      months: { type: array, items: { type: string } }
            Change:
              type: [string, 'null']
              pattern: '^[+-]?[0-9]+([.][0-9]+)?$'
              description: An exact difference of amounts, with its sign.
            Decimal:
              type: [string, 'null']
              pattern: '^[+-]?[0-9]+([.][0-9]+)?$'
              description: A decimal number, rounded half up; null where there is nothing to compare with.
            Measure:
              type: string
              enum: [tokens, requests, revenue, tender-count, tender-amount]
            Days:
              type: object
              required: [name, from, to, days]
              properties:
                name: { type: string }
                from: { type: string, format: date }
                to:
                  type: string
                  format: date
                  description: The first day that doesn't count any more.
                days: { type: integer }
            ShareInterval:
              type: object
              required: [if_all, lowest, highest]
              description: What the share could be, whatever the unclassified tenants turn out to be; `share_percent` is the share if none of them were external.
              properties:
                if_all:
                  allOf: [{ $ref: '#/components/schemas/Percent' }]
                  description: The share if all unclassified usage were external customers'.
                lowest:
                  allOf: [{ $ref: '#/components/schemas/Percent' }]
                  description: If all of the others' were, and none of the entity's own.
                highest:
                  allOf: [{ $ref: '#/components/schemas/Percent' }]
                  description: If all of the entity's own were, and none of the others'.
            Rank:
              type: object
              required: [period, as_known_at, position, tables, refused]
              properties:
                period: { $ref: '#/components/schemas/Days' }
                as_known_at: { type: string, format: date-time }
                mark: { type: integer }
                tables: { type: array, items: { $ref: '#/components/schemas/RankTable' } }
                refused:
                  type: array
                  items:
                    type: object
                    required: [scope, code, detail, missing]
                    properties:
                      scope: { type: string }
                      code: { type: string }
                      detail: { type: string }
                      missing: { type: array, items: { $ref: '#/components/schemas/ScopeFact' } }
            RankTable:
              type: object
              required: [by, scopes, rows]
              properties:
                by: { type: string, enum: [provider, model, family, developer] }
                scopes:
                  type: array
                  items:
                    type: object
                    required: [scope, measure, currency, aggregate, zone, denominator, leaders]
                    properties:
                      scope: { $ref: '#/components/schemas/ScopeName' }
                      measure: { $ref: '#/components/schemas/Measure' }
                      currency: { type: [string, 'null'] }
                      aggregate: { type: string, enum: [sum, daily-average] }
                      zone: { type: string }
                      denominator: { $ref: '#/components/schemas/Amount' }
                      leaders:
                        type: array
                        items: { type: string }
                        description: Who is first; several where they are equal, none where nothing counts.
                rows:
                  type: array
                  items:
                    type: object
                    required: [entity, standings]
                    properties:
                      entity: { type: string }
                      standings:
                        type: array
                        description: One for each scope, in their order.
                        items:
                          type: object
                          required: [scope, rank, numerator, share_percent]
                          properties:
                            scope: { type: string }
                            rank:
                              type: [integer, 'null']
                              description: Null where the scope counts nothing for the entity or doesn't name it.
                            numerator: { type: [string, 'null'] }
                            share_percent: { $ref: '#/components/schemas/Percent' }
            Trend:
              type: object
              required: [scope, period, measure, currency, aggregate, zone, by, as_known_at, position, series, events]
              properties:
                scope: { $ref: '#/components/schemas/ScopeName' }
                period: { $ref: '#/components/schemas/Days' }
                measure: { $ref: '#/components/schemas/Measure' }
                currency: { type: [string, 'null'] }
                aggregate: { type: string, enum: [sum, daily-average] }
                zone: { type: string }
                by: { type: string, enum: [provider, model, family, developer] }
                as_known_at: { type: string, format: date-time }
                mark: { type: integer }
                series:
                  type: array
                  items:
                    type: object
                    required: [entity, points]
                    properties:
                      entity:
                        type: [string, 'null']
                        description: Null for all entities together.
                      points: { type: array, items: { $ref: '#/components/schemas/TrendPoint' } }
                events:
                  type: array
                  items:
                    type: object
                    required: [date, title, citation]
                    properties:
                      date: { type: string, format: date }
                      title: { $ref: '#/components/schemas/LocalizedText' }
                      citation: { type: string }
            TrendPoint:
              type: object
              required: [period, amount, published, denominator, share_percent, change, change_percent, multiple, inflection]
              properties:
                period: { $ref: '#/components/schemas/Days' }
                amount:
                  allOf: [{ $ref: '#/components/schemas/Amount' }]
                  description: The sum over the step.
                published:
                  allOf: [{ $ref: '#/components/schemas/Amount' }]
                  description: The figure as the scope publishes it, a sum or an average per day.
                denominator: { $ref: '#/components/schemas/Amount' }
                share_percent: { $ref: '#/components/schemas/Percent' }
                change:
                  allOf: [{ $ref: '#/components/schemas/Change' }]
                  description: Of the amount, since the step before; null at the first.
                change_percent: { $ref: '#/components/schemas/Decimal' }
                multiple: { $ref: '#/components/schemas/Decimal' }
                inflection:
                  type: [object, 'null']
                  description: Set where growth takes off.
                  required: [status, acceleration]
                  properties:
                    status:
                      type: string
                      enum: [confirmed, provisional]
                      description: Provisional at the last step, because nothing says yet whether it lasts.
                    acceleration:
                      allOf: [{ $ref: '#/components/schemas/Decimal' }]
                      description: How many times the growth of the step before the step's growth is.
            Growth:
              type: object
              required: [scope, measure, currency, aggregate, zone, by, from_period, to_period, as_known_at, position, warning, rows]
              properties:
                scope: { $ref: '#/components/schemas/ScopeName' }
                measure: { $ref: '#/components/schemas/Measure' }
                currency: { type: [string, 'null'] }
                aggregate: { type: string, enum: [sum, daily-average] }
                zone: { type: string }
                by: { type: string, enum: [provider, model, family, developer] }
                from_period: { $ref: '#/components/schemas/Days' }
                to_period: { $ref: '#/components/schemas/Days' }
                as_known_at: { type: string, format: date-time }
                mark: { type: integer }
                warning:
                  type: [object, 'null']
                  description: Set where sums over spans of different length are compared.
                  required: [en, zh]
                  properties:
                    en: { type: string }
                    zh: { type: string }
                rows:
                  type: array
                  items:
                    type: object
                    required: [entity, from_amount, to_amount, from_published, to_published, multiple, percent, per_day_multiple, per_day_percent]
                    properties:
                      entity: { type: [string, 'null'] }
                      from_amount: { $ref: '#/components/schemas/Amount' }
                      to_amount: { $ref: '#/components/schemas/Amount' }
                      from_published: { $ref: '#/components/schemas/Amount' }
                      to_published: { $ref: '#/components/schemas/Amount' }
                      multiple:
                        allOf: [{ $ref: '#/components/schemas/Decimal' }]
                        description: The later figure over the earlier one; exactly, it is that of the amounts (and of the days, for averages).
                      percent: { $ref: '#/components/schemas/Decimal' }
                      per_day_multiple:
                        allOf: [{ $ref: '#/components/schemas/Decimal' }]
                        description: The same of the averages per day, which can be compared whatever the lengths are.
                      per_day_percent: { $ref: '#/components/schemas/Decimal' }
            Concentration:
              type: object
              required: [scope, period, measure, currency, aggregate, zone, by, as_known_at, position, entities, denominator, cr1_numerator, cr1_percent, cr3_numerator, cr3_percent, hhi]
              properties:
                scope: { $ref: '#/components/schemas/ScopeName' }
                period: { $ref: '#/components/schemas/Days' }
                measure: { $ref: '#/components/schemas/Measure' }
                currency: { type: [string, 'null'] }
                aggregate: { type: string, enum: [sum, daily-average] }
                zone: { type: string }
                by: { type: string, enum: [provider, model, family, developer] }
                as_known_at: { type: string, format: date-time }
                mark: { type: integer }
                entities:
                  type: integer
                  description: Entities of which anything counts.
                denominator: { $ref: '#/components/schemas/Amount' }
                cr1_numerator: { type: [string, 'null'] }
                cr1_percent: { $ref: '#/components/schemas/Percent' }
                cr3_numerator: { type: [string, 'null'] }
                cr3_percent: { $ref: '#/components/schemas/Percent' }
                hhi:
                  allOf: [{ $ref: '#/components/schemas/Decimal' }]
                  description: From 0 to 10,000, with 2 decimals. Null for an empty market, and where the parts are more than a published total.
            Bridge:
              type: object
              required: [from_scope, to_scope, period, by, entity, as_known_at, position, steps, change]
              properties:
                from_scope: { $ref: '#/components/schemas/ScopeName' }
                to_scope: { $ref: '#/components/schemas/ScopeName' }
                period: { $ref: '#/components/schemas/Days' }
                by: { type: string, enum: [provider, model, family, developer] }
                entity: { type: [string, 'null'] }
                as_known_at: { type: string, format: date-time }
                mark: { type: integer }
                steps: { type: array, items: { $ref: '#/components/schemas/BridgeStep' } }
                change:
                  allOf: [{ $ref: '#/components/schemas/Change' }]
                  description: The changes of all steps together; null where the unit changes on the way.
            BridgeStep:
              type: object
              required: [aspect, from, to, unit, aggregate, amount, change, published, denominator, share_percent]
              properties:
                aspect:
                  type: [string, 'null']
                  enum: [kinds, layers, markets, origins, workloads, modalities, regions, models, providers, additions, zone, measure, aggregate, denominator, null]
                  description: What the step changes; null at the start.
                from: { type: [string, 'null'] }
                to: { type: [string, 'null'] }
                unit:
                  type: string
                  description: What amounts are counted in, such as `tokens` or `revenue CNY`.
                aggregate: { type: string, enum: [sum, daily-average] }
                amount:
                  allOf: [{ $ref: '#/components/schemas/Amount' }]
                  description: The sum over the period.
                change:
                  allOf: [{ $ref: '#/components/schemas/Change' }]
                  description: Since the step before; null at the start and where the unit changes.
                published: { $ref: '#/components/schemas/Amount' }
                denominator: { $ref: '#/components/schemas/Amount' }
                share_percent: { $ref: '#/components/schemas/Percent' }
            Peak:
              type: object
              required: [period, by, user_rate, position, rows]
              properties:
                period: { $ref: '#/components/schemas/Span' }
                by: { type: string, enum: [provider, tenant, model] }
                user_rate: { type: [string, 'null'] }
                mark: { type: integer }
                rows: { type: array, items: { $ref: '#/components/schemas/PeakRow' } }
            PeakRow:
              description: A minute, the earliest of equally high ones, with what was used in it.
              allOf:
                - $ref: '#/components/schemas/Counts'
              required: [rank, provider, minute, users]
              properties:
                rank: { type: integer }
                provider: { type: string }
                tenant: { type: string }
                model: { type: string }
                minute: { type: string, format: date-time }
                users:
                  type: [string, 'null']
                  description: total_tokens over user_rate, rounded down; null where no rate was given.
            Coverage:
              type: object
              required: [period, until, silence_minutes, source, position, providers]
              properties:
                period: { $ref: '#/components/schemas/Span' }
                until:
                  type: string
                  description: The end of what has passed of the period; later minutes aren't silent yet.
                silence_minutes: { type: integer }
                source:
                  type: string
                  enum: [minute, hour, day]
                  description: The finest sums that are kept of the whole period, which the providers' spans come from.
                mark: { type: integer }
                providers: { type: array, items: { $ref: '#/components/schemas/ProviderCoverage' } }
            SilenceCoverage:
              type: object
              required: [reported_percent, silent_minutes, silent_spans, silent]
              properties:
                reported_percent:
                  allOf: [{ $ref: '#/components/schemas/Percent' }]
                  description: What passed of the period, but for its silent spans.
                silent_minutes: { type: integer }
                silent_spans:
                  type: integer
                  description: How many there are; at most 200 are listed.
                silent:
                  type: array
                  items:
                    type: object
                    required: [from, to, minutes]
                    properties:
                      from: { type: string }
                      to: { type: string }
                      minutes: { type: integer }
            ProviderCoverage:
              allOf:
                - $ref: '#/components/schemas/SilenceCoverage'
              type: object
              required: [provider, minutes_with_usage, hours_with_usage, days_with_usage, collectors]
              properties:
                provider: { type: string }
                minutes_with_usage:
                  type: [integer, 'null']
                  description: Null where sums by minute aren't kept any more.
                hours_with_usage: { type: [integer, 'null'] }
                days_with_usage: { type: integer }
                collectors: { type: array, items: { $ref: '#/components/schemas/CollectorCoverage' } }
            CollectorCoverage:
              allOf:
                - $ref: '#/components/schemas/SilenceCoverage'
              type: object
              required: [name, last_seen, batches, first_batch_at, last_batch_at, pending_batches, events, rejections, quarantined]
              properties:
                name: { type: string }
                last_seen: { type: string, format: date-time }
                batches:
                  type: integer
                  description: Batches that hold usage of the period, and those without usage that were received in it.
                first_batch_at: { type: [string, 'null'] }
                last_batch_at: { type: [string, 'null'] }
                pending_batches: { type: integer }
                events: { $ref: '#/components/schemas/Count' }
                rejections:
                  type: array
                  description: Records that were refused at intake, by reason.
                  items:
                    type: object
                    required: [reason, records]
                    properties:
                      reason: { type: string }
                      records: { $ref: '#/components/schemas/Count' }
                quarantined:
                  type: array
                  description: Batches that were received in the period and set aside, by reason.
                  items:
                    type: object
                    required: [reason, batches]
                    properties:
                      reason: { type: string, enum: [fork, undecodable, spool-sequence-reused] }
                      batches: { type: integer }
            MonthlyShareRow:
              description: The entity stands under its own name, such as `provider`.
              type: object
              required: [row, rank, external, own_business, unclassified, other_kinds, numerator, denominator, share_percent, previous_numerator, month_on_month_percent, unmapped, revenue_from, unpriced_tokens]
              properties:
                row:
                  type: string
                  enum: [provider, model, family, developer, other, total]
                  description: '`other` gathers the entities that the scope does not name.'
                provider: { type: [string, 'null'] }
                model: { type: [string, 'null'] }
                family: { type: [string, 'null'] }
                developer: { type: [string, 'null'] }
                rank: { type: [integer, 'null'] }
                external: { $ref: '#/components/schemas/Amount' }
                own_business: { $ref: '#/components/schemas/Amount' }
                unclassified: { $ref: '#/components/schemas/Amount' }
                other_kinds: { $ref: '#/components/schemas/Amount' }
                numerator: { $ref: '#/components/schemas/Amount' }
                denominator: { $ref: '#/components/schemas/Amount' }
                share_percent: { $ref: '#/components/schemas/Percent' }
                previous_numerator: { type: [string, 'null'] }
                month_on_month_percent: { $ref: '#/components/schemas/Percent' }
                unmapped: { $ref: '#/components/schemas/Amount' }
                revenue_from: { type: [string, 'null'] }
                unpriced_tokens: { $ref: '#/components/schemas/Count' }
            MonthlyShare:
              type: object
              required: [month, scope, zone, measure, currency, as_known_at, position, statement, rows]
              properties:
                month: { type: string }
                scope: { $ref: '#/components/schemas/ScopeName' }
                zone: { type: string }
                measure: { type: string, enum: [tokens, requests, revenue, tender-count, tender-amount] }
                currency:
                  type: [string, 'null']
                  description: Of amounts of money; null where the measure is none.
                as_known_at: { type: string, format: date-time }
                mark: { type: integer }
                statement:
                  type: [object, 'null']
                  description: Where the figures of a closed month come from; null where they were evaluated.
                  required: [id, status, sha256, approved_at, approved_by]
                  properties:
                    id: { type: integer }
                    status: { const: closed }
                    sha256: { type: string, pattern: '^[0-9a-f]{64}$' }
                    approved_at: { type: string, format: date-time }
                    approved_by: { type: string }
                rows: { type: array, items: { $ref: '#/components/schemas/MonthlyShareRow' } }
            StatementRequest:
              type: object
              required: [scope, month]
              properties:
                scope: { type: string }
                month: { type: string, pattern: '^[0-9]{4}-[0-9]{2}$' }
                override_reason:
                  type: [string, 'null']
                  maxLength: 1000
                  description: Why to close the month although something is short. It stands on the statement for ever.
            StatementWithdrawal:
              type: object
              required: [reason]
              properties:
                reason: { type: string, maxLength: 1000 }
            StatementHeader:
              type: object
              required: [id, scope, month, status, sha256, as_known_at, position, override_reason, proposed_at, proposed_by, proposed_token, decision]
              properties:
                id: { type: integer }
                scope:
                  type: object
                  required: [id, version, sha256]
                  properties:
                    id: { type: string }
                    version: { type: integer }
                    sha256: { type: string, pattern: '^[0-9a-f]{64}$' }
                month: { type: string }
                status: { type: string, enum: [proposed, approved, withdrawn] }
                sha256:
                  type: string
                  pattern: '^[0-9a-f]{64}$'
                  description: Of the statement's canonical form.
                as_known_at: { type: string, format: date-time }
                mark: { type: integer }
                override_reason: { type: [string, 'null'] }
                proposed_at: { type: string, format: date-time }
                proposed_by:
                  type: string
                  description: The holder of the token.
                proposed_token: { type: string }
                decision:
                  type: [object, 'null']
                  required: [decision, at, by, token, reason]
                  properties:
                    decision: { type: string, enum: [approved, withdrawn] }
                    at: { type: string, format: date-time }
                    by: { type: string }
                    token: { type: string }
                    reason: { type: [string, 'null'] }
            Statements:
              type: object
              required: [statements]
              properties:
                statements: { type: array, items: { $ref: '#/components/schemas/StatementHeader' } }
            Statement:
              allOf: [{ $ref: '#/components/schemas/StatementHeader' }]
              type: object
              required: [title, zone, calendar, measure, currency, by, denominator, rows, total, shortcomings, coverage, high_water_marks, canonical_form, restatement]
              properties:
                title: { $ref: '#/components/schemas/LocalizedText' }
                zone: { type: string }
                calendar: { type: string }
                measure: { type: string }
                currency:
                  type: [string, 'null']
                  description: Of amounts of money; null where the measure is none.
                by: { type: string }
                denominator: { $ref: '#/components/schemas/Amount' }
                rows: { type: array, items: { $ref: '#/components/schemas/StatementRow' } }
                total: { $ref: '#/components/schemas/StatementRow' }
                shortcomings: { type: array, items: { $ref: '#/components/schemas/StatementShortcoming' } }
                coverage:
                  type: array
                  items:
                    type: object
                    required: [provider, collector, batches, events, refused, first_minute, last_minute, last_seen, pending, quarantined]
                    properties:
                      provider: { type: string }
                      collector: { type: string }
                      batches: { type: integer }
                      events: { $ref: '#/components/schemas/Count' }
                      refused: { $ref: '#/components/schemas/Count' }
                      first_minute: { type: [string, 'null'] }
                      last_minute: { type: [string, 'null'] }
                      last_seen: { type: string }
                      pending: { type: integer }
                      quarantined: { type: integer }
                high_water_marks:
                  type: array
                  items:
                    type: object
                    required: [provider, collector, epoch, next_sequence, chain]
                    properties:
                      provider: { type: string }
                      collector: { type: string }
                      epoch: { type: integer }
                      next_sequence: { type: integer }
                      chain: { type: string, pattern: '^[0-9a-f]{64}$' }
                canonical_form:
                  type: string
                  description: What the SHA-256 is of, in UTF-8; docs/closing.md says how it is made.
                restatement:
                  type: [object, 'null']
                  description: Null unless it was asked for.
                  required: [as_known_at, position, changed, denominator, rows, total]
                  properties:
                    as_known_at: { type: string, format: date-time }
                    mark: { type: integer }
                    changed: { type: boolean }
                    denominator: { $ref: '#/components/schemas/RestatedFigure' }
                    rows: { type: array, items: { $ref: '#/components/schemas/RestatedRow' } }
                    total: { $ref: '#/components/schemas/RestatedRow' }
            StatementRow:
              description: The entity is null for the row of all entities that the scope doesn't name, and for the total.
              type: object
              required: [entity, gathered, rank, share_percent, numerator, external, own_business, unclassified, other_kinds, outside_filters, unmapped, revenue_from, unpriced_tokens]
              properties:
                entity: { type: [string, 'null'] }
                gathered: { type: integer }
                rank: { type: integer }
                share_percent: { $ref: '#/components/schemas/Percent' }
                numerator: { $ref: '#/components/schemas/Amount' }
                external: { $ref: '#/components/schemas/Amount' }
                own_business: { $ref: '#/components/schemas/Amount' }
                unclassified: { $ref: '#/components/schemas/Amount' }
                other_kinds: { $ref: '#/components/schemas/Amount' }
                outside_filters: { $ref: '#/components/schemas/Amount' }
                unmapped: { $ref: '#/components/schemas/Amount' }
                revenue_from: { type: [string, 'null'] }
                unpriced_tokens: { $ref: '#/components/schemas/Count' }
            StatementShortcoming:
              type: object
              required: [code, subject, blocking, text]
              properties:
                code: { type: string, enum: [month-not-over, nothing-counted, pending-batches, silent-collector, collector-not-seen, quarantined-batches, unclassified-usage] }
                subject:
                  type: [string, 'null']
                  description: The collector, as PROVIDER/NAME; null where it is about the month.
                blocking:
                  type: boolean
                  description: Whether the month can't be closed without a reason; otherwise it is a warning.
                text: { type: string }
            RestatedFigure:
              description: closed + late_usage + reclassification = now, exactly.
              type: object
              required: [closed, late_usage, reclassification, now]
              properties:
                closed: { $ref: '#/components/schemas/Amount' }
                late_usage: { type: string, pattern: '^-?[0-9]+([.][0-9]+)?$' }
                reclassification: { type: string, pattern: '^-?[0-9]+([.][0-9]+)?$' }
                now: { $ref: '#/components/schemas/Amount' }
            RestatedRow:
              type: object
              required: [entity, gathered, changed, closed_percent, percent_now, numerator, external, own_business, unclassified, other_kinds, outside_filters, unmapped, unpriced_tokens]
              properties:
                entity: { type: [string, 'null'] }
                gathered: { type: boolean }
                changed: { type: boolean }
                closed_percent: { $ref: '#/components/schemas/Percent' }
                percent_now: { $ref: '#/components/schemas/Percent' }
                numerator: { $ref: '#/components/schemas/RestatedFigure' }
                external: { $ref: '#/components/schemas/RestatedFigure' }
                own_business: { $ref: '#/components/schemas/RestatedFigure' }
                unclassified: { $ref: '#/components/schemas/RestatedFigure' }
                other_kinds: { $ref: '#/components/schemas/RestatedFigure' }
                outside_filters: { $ref: '#/components/schemas/RestatedFigure' }
                unmapped: { $ref: '#/components/schemas/RestatedFigure' }
                unpriced_tokens: { $ref: '#/components/schemas/RestatedFigure' }
            Scopes:
              type: object
              required: [scopes]
              properties:
                scopes: { type: array, items: { $ref: '#/components/schemas/Scope' } }
            Scope:
              type: object
              required: [id, version, sha256, built_in, title, citation, measure, currency, entity, top, aggregate, zone, denominator, precision, filters, additions, needs, imports, explanation]
              properties:
                id: { type: string }
                version: { type: integer }
                sha256: { type: string, pattern: '^[0-9a-f]{64}$' }
                built_in: { type: boolean }
                title: { $ref: '#/components/schemas/LocalizedText' }
                citation: { type: string }
                measure: { type: string, enum: [tokens, requests, revenue, tender-count, tender-amount] }
                currency:
                  type: [string, 'null']
                  description: ISO 4217; null where the measure is no money.
                entity: { type: string, enum: [provider, model, family, developer] }
                top:
                  type: [integer, 'null']
                  description: How many entities are published by name; null for all.
                aggregate: { type: string, enum: [sum, daily-average] }
                zone: { type: string }
                denominator:
                  type: string
                  description: '`everything-counted`, or `reference-total:` and the name of a published total.'
                precision: { type: integer }
                filters:
                  type: object
                  description: Null lets everything through.
                  required: [providers, kinds, layers, workloads, modalities, regions, markets, models, origins]
                additions: { type: array, items: { type: string, enum: [private-deployments, customisation] } }
                needs:
                  type: array
                  items: { $ref: '#/components/schemas/ScopeFact' }
                  description: What the scope needs beside the counted usage.
                imports:
                  type: array
                  items: { $ref: '#/components/schemas/FactKind' }
                  description: The kinds of facts that an answer reads. Without those of a needed fact it is 422 `missing-facts`.
                explanation: { $ref: '#/components/schemas/LocalizedText' }
            ScopeFact:
              type: string
              enum: [region-catalogue, model-catalogue, provider-catalogue, revenue-records, tender-records, private-deployment-reports, reference-totals]
            FactKind:
              type: string
              enum: [providers, models, regions, revenue, tenders, private-deployments, reference-totals, prices, rates]
            Collector:
              type: object
              required: [provider, name, epoch, next_sequence, last_seen, seconds_since_seen, software_version]
              properties:
                provider: { type: string }
                name: { type: string }
                epoch: { type: integer }
                next_sequence: { type: integer }
                last_seen: { type: [string, 'null'] }
                seconds_since_seen: { type: [integer, 'null'] }
                last_batch_at: { type: [string, 'null'] }
                lag_seconds:
                  type: [integer, 'null']
                  description: Since its last batch was counted.
                newest_minute:
                  type: [string, 'null']
                  description: The newest event minute that it delivered.
                pending_batches: { type: integer }
                duplicates:
                  type: integer
                  description: Batches that came again after they were counted.
                quarantined:
                  type: integer
                  description: Batches that were set aside, not counted.
                software_version: { type: string }
            Collectors:
              type: object
              required: [collectors]
              properties:
                collectors: { type: array, items: { $ref: '#/components/schemas/Collector' } }
            Tenant:
              type: object
              required: [provider, tenant, kind, legal_entity, effective_from, effective_to, reason, recorded_at, recorded_by]
              properties:
                provider: { type: string }
                tenant: { type: string }
                kind: { type: string }
                legal_entity: { type: string }
                effective_from: { type: string, format: date }
                effective_to: { type: [string, 'null'] }
                reason: { type: string }
                recorded_at: { type: string, format: date-time }
                recorded_by: { type: string }
                superseded_at:
                  type: [string, 'null']
                  description: When a later assertion took its place; null while it is held.
            Tenants:
              type: object
              required: [as_known_at, tenants]
              properties:
                as_known_at: { type: string, format: date-time }
                tenants: { type: array, items: { $ref: '#/components/schemas/Tenant' } }
            TenantHistory:
              type: object
              required: [tenants]
              properties:
                tenants: { type: array, items: { $ref: '#/components/schemas/Tenant' } }
            Imported:
              type: object
              required: [assertions, recorded_at]
              properties:
                assertions:
                  type: integer
                  description: Entries of the file.
                asserted: { type: integer }
                unchanged: { type: integer }
                superseded: { type: integer }
                remainders: { type: integer }
                new_tenants: { type: integer }
                recorded_at: { type: string, format: date-time }
                preview: { $ref: '#/components/schemas/IsPreview' }
                scope: { $ref: '#/components/schemas/ScopeName' }
                period: { type: string }
                measure: { type: string }
                by: { type: string }
                mark: { type: integer }
                rows: { type: array, items: { $ref: '#/components/schemas/Move' } }
                total: { $ref: '#/components/schemas/Move' }
            IsPreview:
              type: boolean
              description: True and present where nothing was written. With a scope, what would move under it stands beside.
            Move:
              description: The entity stands under its own name, such as `provider`; the total has none and no shares.
              type: object
              required: [before, after, change]
              properties:
                provider: { type: string }
                model: { type: string }
                family: { type: string }
                developer: { type: string }
                before:
                  type: [string, 'null']
                  description: Null, like all that compares with it, where the scope can't be answered without the import.
                after: { $ref: '#/components/schemas/Amount' }
                change: { type: [string, 'null'], description: With its sign. }
                share_percent_before: { type: [string, 'null'] }
                share_percent_after: { type: string }
                points: { type: [string, 'null'], description: The change of the share in percentage points with its sign. }
            Facts:
              type: object
              required: [kind, as_known_at, facts]
              properties:
                kind: { $ref: '#/components/schemas/FactKind' }
                as_known_at: { type: string, format: date-time }
                facts: { type: array, items: { $ref: '#/components/schemas/Fact' } }
            Fact:
              description: A member for each column of the kind's file, a text or null for an empty cell.
              type: object
              required: [recorded_at, recorded_by]
              additionalProperties: { type: [string, 'null'] }
              properties:
                recorded_at: { type: string, format: date-time }
                recorded_by: { type: string }
            ImportedFacts:
              type: object
              required: [kind, records, asserted, unchanged, superseded, remainders, recorded_at]
              properties:
                kind: { $ref: '#/components/schemas/FactKind' }
                records:
                  type: integer
                  description: Records of the file.
                asserted: { type: integer }
                unchanged: { type: integer }
                superseded: { type: integer }
                remainders: { type: integer }
                recorded_at: { type: string, format: date-time }
                preview: { $ref: '#/components/schemas/IsPreview' }
                scope: { $ref: '#/components/schemas/ScopeName' }
                period: { type: string }
                measure: { type: string }
                by: { type: string }
                mark: { type: integer }
                rows: { type: array, items: { $ref: '#/components/schemas/Move' } }
                total: { $ref: '#/components/schemas/Move' }
            TokenRequest:
              type: object
              required: [role]
              properties:
                role: { type: string, enum: [operator, auditor, finance, admin] }
                provider:
                  type: [string, 'null']
                  description: Binds the token to a provider's own figures.
                note: { type: string, maxLength: 200 }
                holder:
                  type: [string, 'null']
                  maxLength: 200
                  description: The person whom it is for. Only such a token can propose, approve and withdraw statements.
            Token:
              type: object
              required: [id, role, provider, created_at, revoked_at]
              properties:
                id: { type: string }
                role: { type: string }
                provider: { type: [string, 'null'] }
                note: { type: string }
                holder: { type: [string, 'null'] }
                created_at: { type: string, format: date-time }
                created_by: { type: string }
                expires_at: { type: [string, 'null'] }
                revoked_at: { type: [string, 'null'] }
            CreatedToken:
              type: object
              required: [id, token, role, provider]
              properties:
                id: { type: string }
                token: { type: string }
                role: { type: string }
                provider: { type: [string, 'null'] }
            Tokens:
              type: object
              required: [tokens]
              properties:
                tokens: { type: array, items: { $ref: '#/components/schemas/Token' } }
            Live:
              type: object
              required: [status]
              properties:
                status: { const: ok }
            Ready:
              type: object
              required: [status, position, pending_batches]
              properties:
                status: { const: ready }
                mark: { type: integer }
                pending_batches: { type: integer }
                fold_lag_seconds: { type: integer }
        """#
}

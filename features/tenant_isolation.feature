Feature: No customer ever sees what another one asked
  An answer may hold what only one company may know.
  Who is asking is known from the key alone, and every memory ends at that border.

  Rule: Answers are never shared between customers

    Example: The same question
      Given Acme was answered "What is our revenue?"
      When Globex asks "What is our revenue?"
      Then the model answers
      And the reason is that no remembered question is near this one

    Example: The same question in other words
      Given Acme was answered "How do I install RAGBoost?"
      When Globex asks "How can I install RAGBoost?"
      Then the model answers
      And the reason is that no remembered question is near this one

    Example: Pretending to be in the same namespace
      Given Acme was answered "What is our revenue?" in the namespace "finance"
      When Globex asks "What is our revenue?" in the namespace "finance"
      Then the model answers

  Rule: What another customer remembers does not exist

    Example: Looking
      Given Acme was answered "What is our revenue?"
      When Globex looks at the entry of Acme
      Then Globex is told that there is no such entry

    Example: Taking away
      Given Acme was answered "What is our revenue?"
      When Globex purges the entry of Acme
      Then Globex is told that there is no such entry
      And Acme still has its answer

    Example: Purging everything
      Given Acme was answered "What is our revenue?"
      When Globex purges everything
      Then 0 answers are gone
      And Acme still has its answer

    Example: Counting
      Given Acme was answered "What is our revenue?"
      When Globex counts its answers
      Then Globex has none

  Rule: Who has no key is not served

    Example: Strangers
      When somebody asks with <key>
      Then the stranger is turned away
      And the model was not asked

      Examples:
        | key           |
        | no key        |
        | a made-up key |

    Example: A key that was taken back
      Given Acme was answered "What is our revenue?"
      And the key of Acme was revoked a second ago
      When Acme asks "What is our revenue?"
      Then the stranger is turned away

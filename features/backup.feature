Feature: A memory can be saved, and restored elsewhere
  Disks die, services move to larger machines, and what was paid for once should not be paid for again.
  All that is remembered goes into one file, and is the same wherever it is restored.

  Rule: What was saved is there again

    Example: The same question
      Given the question "How do I install RAGBoost?" was answered
      And the memory was saved
      When it is restored elsewhere
      Then "How do I install RAGBoost?" is still remembered with the first answer
      And the model was asked once

    Example: Other words
      Given the question "How do I install RAGBoost?" was answered
      And the memory was saved
      And it was restored elsewhere
      When "How can I install RAGBoost?" is asked
      Then the remembered answer comes back as a semantic hit

    Example: What was tagged
      Given these questions were answered
        | question                    | tag     |
        | What does the basic cost?   | prices  |
        | Who founded the company?    | history |
      And the memory was saved
      And it was restored elsewhere
      When the answers tagged "prices" are purged
      Then 1 answers are gone

  Rule: An answer gets no younger on the way

    Example: Too late
      Given the question "Who is on call?" was answered
      And the memory was saved
      And 100000 seconds have passed
      When it is restored elsewhere
      Then nothing is remembered

  Rule: Customers stay apart

    Example: Two customers
      Given Acme was answered "What is our revenue?"
      And the memory was saved
      And it was restored elsewhere
      When Globex asks "What is our revenue?"
      Then the model answers

  Rule: Restoring takes nothing away

    Example: A newer answer
      Given the question "Who is on call?" was answered
      And the memory was saved
      And "Who is on call?" has since been answered anew
      When it is restored here
      Then "Who is on call?" is still remembered with the second answer

    Example: As often as one likes
      Given the question "Who is on call?" was answered
      And the memory was saved
      And it was restored here
      When it is restored here
      Then 1 answers are remembered

  Rule: What was purged does not come back

    Example: An old copy
      Given the question "What does the basic cost?" was answered
      And the memory was saved
      And all answers were purged
      When it is restored here
      Then nothing is remembered

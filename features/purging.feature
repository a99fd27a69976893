Feature: What must be forgotten is forgotten
  A price has changed, a document was withdrawn, a model gave wrong answers.
  Whoever looks after the answers can take back exactly those, and they stay gone.

  Background:
    Given these questions were answered
      | question                    | tag     | model | namespace |
      | What does the basic cost?   | prices  | small |           |
      | What does the premium cost? | prices  | large |           |
      | Who founded the company?    | history | small | handbook  |

  Rule: Purging takes what it names, and leaves the rest

    Example: A part of it
      When the answers <selection> are purged
      Then <number> answers are gone
      And these are still remembered: <rest>

      Examples:
        | selection                   | number | rest                                               |
        | tagged "prices"             | 2      | Who founded the company?                           |
        | given by the model "small"  | 2      | What does the premium cost?                        |
        | in the namespace "handbook" | 1      | What does the basic cost?, What does the premium cost? |

    Example: What was taken from a document
      Given "How do I install RAGBoost?" was answered from the documentation
      When the answers that cite "README.md" are purged
      Then 1 answers are gone
      And these are still remembered: What does the basic cost?, What does the premium cost?, Who founded the company?

    Example: All of it
      When all answers are purged
      Then 3 answers are gone
      And nothing is remembered

    Example: By age
      Given 100 seconds have passed
      And the question "Who is on call?" was answered
      When the answers older than 50 seconds are purged
      Then 3 answers are gone
      And these are still remembered: Who is on call?

    Example: A single one
      When the answer to "What does the basic cost?" is purged
      Then "What does the basic cost?" is forgotten
      And these are still remembered: What does the premium cost?, Who founded the company?

  Rule: What was purged is not found in other words either

    Example: By meaning
      Given the question "How do I install RAGBoost?" was answered
      And all answers were purged
      When "How can I install RAGBoost?" is asked
      Then the model answers

  Rule: One can look before one leaps

    Example: A rehearsal
      When it is rehearsed to purge the answers tagged "prices"
      Then it is told that 2 answers would go
      And 3 answers are remembered

  Rule: An answer that was on its way during a purge is not remembered

    Example: Too late to be forgotten
      Given the model takes its time
      And somebody is waiting for the answer to "What does the deluxe cost?"
      When all answers are purged before the model has answered
      Then nothing is remembered

Feature: A remembered answer is served only when there is evidence that it fits
  Two questions can look alike and want opposite answers; a wrong one costs more than a model.
  Memory keeps to an error budget, and says why it held an answer back.

  Rule: A difference that matters is outvoted by no likeness

    Example: Something that matters differs
      Given the question "<remembered>" was answered
      When "<asked>" is asked
      Then the model answers
      And the reason is that the nearest remembered question differs in something that matters
      And the asker sees that they differ in <what>

      Examples:
        | remembered                                 | asked                                      | what        |
        | Can I return the shoes within 14 days?     | Can I return the shoes within 30 days?     | numbers     |
        | How much is 20 kg of rice?                 | How much is 20 lb of rice?                 | units       |
        | Are you open on Monday?                    | Are you open on Friday?                    | dates       |
        | How far is it from Berlin to Munich?       | How far is it from Berlin to Hamburg?      | names       |
        | How do I write to sales@acme.example?      | How do I write to legal@acme.example?      | identifiers |
        | How do I turn on the alarm?                | How do I turn off the alarm?               | antonym     |

  Rule: What means the same is served, with how sure memory is

    Example: Other words
      Given the question "How do I reset my password?" was answered
      When "How can I reset my password?" is asked
      Then the remembered answer comes back as a semantic hit
      And the asker sees that it is at least 80 % sure

  Rule: Every answer of a model teaches memory what shares an answer

    Example: Answers that agree
      Given the model gives everyone the same answer
      And "Where is my parcel?" was asked
      When "When will my order arrive?" is asked
      Then the model answers
      And memory has learnt that the two share an answer

    Example: Answers that differ
      Given "Where is my parcel?" was asked
      When "Where is my invoice?" is asked
      Then the model answers
      And memory has learnt that the two do not share an answer

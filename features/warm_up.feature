Feature: Answers are known before anybody asks
  When the handbook changes, the first askers of a hundred questions would all wait for the model.
  Whoever knows the answers, or only the questions, can have them remembered beforehand.

  Rule: What was given is served as if it had been asked before

    Example: The same question
      Given these answers were given
        | question                   | answer           |
        | How do I install RAGBoost? | Type make serve. |
      When "How do I install RAGBoost?" is asked
      Then the answer is "Type make serve."
      And the model was not asked

    Example: Other words
      Given these answers were given
        | question                   | answer           |
        | How do I install RAGBoost? | Type make serve. |
      When "How can I install RAGBoost?" is asked
      Then the answer is "Type make serve."
      And the model was not asked

    Example: What is purged
      Given these answers were given
        | question                    | answer        | tag    |
        | What does the basic cost?   | Ten euros.    | prices |
        | What does the premium cost? | Twenty euros. | prices |
        | Who founded the company?    | Ada.          |        |
      When the answers tagged "prices" are purged
      Then 2 answers are gone
      And 1 answers are remembered

  Rule: Where only the questions are known, the model is asked for the answers

    Example: A list of questions
      Given these questions were handed in
        | question                  |
        | What does the basic cost? |
        | Who founded the company?  |
      When "Who founded the company?" is asked
      Then the remembered answer comes back as an exact hit
      And the model was asked twice

  Rule: The same answers may be given again

    Example: As often as one likes
      Given these answers were given
        | question                  | answer     |
        | What does the basic cost? | Ten euros. |
      When these answers are given
        | question                  | answer     |
        | What does the basic cost? | Ten euros. |
        | Who founded the company?  | Ada.       |
      Then 1 of them was known
      And 2 answers are remembered

    Example: Another answer does not go unless that is wanted
      Given these answers were given
        | question                  | answer     |
        | What does the basic cost? | Ten euros. |
      When these answers are given
        | question                  | answer        |
        | What does the basic cost? | Eleven euros. |
      Then 1 of them was left
      And "What does the basic cost?" is answered "Ten euros."

    Example: It goes where that is wanted
      Given these answers were given
        | question                  | answer     |
        | What does the basic cost? | Ten euros. |
      When these answers are given to replace others
        | question                  | answer        |
        | What does the basic cost? | Eleven euros. |
      Then 1 of them was replaced
      And "What does the basic cost?" is answered "Eleven euros."

  Rule: What cannot be used is told, and the rest is done

    Example: A line that is broken
      When these answers are given
        | question                  | answer     |
        | What does the basic cost? | Ten euros. |
        | What does it weigh?       |            |
        | Who founded the company?  | Ada.       |
      Then it is told that line 2 has no answer
      And 2 answers are remembered

  Rule: Whoever only asks gives no answers

    Example: A key that is handed out to many
      Given the question "What does the basic cost?" was answered
      And our key may not report
      When these answers are given to replace others
        | question                  | answer |
        | What does the basic cost? | Mine.  |
      Then the giver is turned away
      And "What does the basic cost?" is answered "Answer 1."

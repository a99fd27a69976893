Feature: A crowd that asks the same thing is answered by one call
  After an announcement everybody asks the same new question in the same second.
  The model is asked and paid once, and everybody waits for that one answer.

  Rule: Those who ask while the answer is on its way share it

    Example: A crowd
      Given the model takes its time
      When "What was announced?" is asked by 50 people at once
      Then everyone gets the first answer
      And the model was asked once

    Example: Once it is there, it is remembered
      Given the model takes its time
      And "What was announced?" was asked by 50 people at once
      When "What was announced?" is asked
      Then the remembered answer comes back as an exact hit
      And the model was asked once

    Example: Different questions do not wait for one another
      Given the model takes its time
      When 5 people ask 5 different questions at once
      Then the model was asked 5 times

  Rule: When the model fails, it fails for all of them, once

    Example: The same clear problem for everyone
      Given the model takes its time, and then fails
      When "What was announced?" is asked by 50 people at once
      Then everyone is told that the model did not answer
      And the model was asked once
      And nothing is remembered

  Rule: Nobody shares what is not theirs to share

    Example: Two customers
      Given the model takes its time
      When Acme and Globex ask "What was announced?" at once
      Then the model was asked twice

    Example: Those who want to leave no trace
      Given the model takes its time
      When 3 people ask "What was announced?" past memory at once
      Then the model was asked 3 times
